import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** nimbus-jose-jwt as a peer: see ../README.md for the exchange directory. */
public final class Peer {
    private static final String AUDIENCE = "https://api.example";
    private static final List<String> SYMMETRIC = List.of("jwk", "secret");
    private static final List<String> WITH_PEM =
        List.of("jwk", "jwk-private", "jwks", "spki", "pkcs8");
    // beside an EC private key it asks for the public one
    private static final List<String> WITH_EC_PEM =
        List.of("jwk", "jwk-private", "jwks", "spki", "pkcs8+spki");
    private static final List<String> WITHOUT_PEM = List.of("jwk", "jwk-private", "jwks");
    private static final String[] LABELS = {
        "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
        "ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519",
    };
    private static final String[][] LACKS = {
        {"EdDSA-Ed448", "nimbus-jose-jwt has no signer for Ed448"},
        {"Ed448", "nimbus-jose-jwt names it, and has no signer for it"},
        {"ML-DSA-44", "nimbus-jose-jwt has no ML-DSA"},
        {"ML-DSA-65", "nimbus-jose-jwt has no ML-DSA"},
        {"ML-DSA-87", "nimbus-jose-jwt has no ML-DSA"},
        {"any", "nimbus-jose-jwt reads and writes no PEM of Ed25519 (forms: spki, pkcs8)"},
        {"any", "Bouncy Castle writes SEC1 without the curve, "
            + "which no reader could know (form: sec1)"},
        {"any", "nimbus-jose-jwt reads no EC key from PKCS#8 without its SPKI beside it "
            + "(form: pkcs8 of ES*)"},
    };

    private Peer() {
    }

    private static String payloadFor(Path directory, int number, String jti) throws Exception {
        List<String> lines = Files.readAllLines(directory.resolve("payloads.jsonl"));
        return lines.get(number % lines.size()).replace("@JTI@", jti);
    }

    private static String sign(String payload, String alg, String kid, JWK key) throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.parse(alg)).type(JOSEObjectType.JWT)
            .keyID(kid).build();
        JWSObject token = new JWSObject(header, new Payload(payload));
        token.sign(Keys.signer(key));
        return token.serialize();
    }

    /** Signature, algorithm, times and audience; answers the claims as nimbus reads them. */
    private static String verify(String text, String alg, JWK key) throws Exception {
        SignedJWT token = SignedJWT.parse(text);
        if (!token.getHeader().getAlgorithm().getName().equals(alg)) {
            throw new IllegalArgumentException("unexpected alg");
        }
        if (!token.verify(Keys.verifier(key))) {
            throw new IllegalArgumentException("bad signature");
        }
        JWTClaimsSet exact = new JWTClaimsSet.Builder().build();
        new DefaultJWTClaimsVerifier<>(AUDIENCE, exact, Set.of("jti", "exp"))
            .verify(token.getJWTClaimsSet(), null);
        return JSONObjectUtils.toJSONString(token.getPayload().toJSONObject());
    }

    private static Map<String, Object> produce(Path directory) throws Exception {
        List<Object> entries = new ArrayList<>();
        List<JWK> publicKeys = new ArrayList<>();
        for (int number = 0; number < LABELS.length; number++) {
            String label = LABELS[number];
            String kid = "nimbus-" + label;
            JWK key = Keys.generate(label, kid);
            Map<String, Object> forms = Keys.forms(key);
            boolean symmetric = label.startsWith("HS");
            if (!symmetric) {
                publicKeys.add(key.toPublicJWK());
            }
            String payload = payloadFor(directory, number, kid);
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("label", label);
            entry.put("alg", label);
            entry.put("kid", kid);
            entry.put("reads", symmetric ? SYMMETRIC
                : label.startsWith("ES") ? WITH_EC_PEM
                : forms.containsKey("spki") ? WITH_PEM : WITHOUT_PEM);
            entry.put("forms", forms);
            entry.put("payload", payload);
            entry.put("token", sign(payload, label, kid, key));
            entry.put("thumbprint", key.computeThumbprint().toString());
            entries.add(entry);
        }
        List<Object> lacks = new ArrayList<>();
        for (String[] lack : LACKS) {
            lacks.add(Map.of("label", lack[0], "reason", lack[1]));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("peer", "nimbus-jose-jwt");
        document.put("version", System.getProperty("peer.version", "unknown"));
        document.put("algorithms", entries);
        document.put("lacks", lacks);
        document.put("jwks", new JWKSet(publicKeys).toString());
        return document;
    }

    private static JWK readKey(Map<String, Object> offer) throws Exception {
        String form = (String) offer.get("form");
        String text = (String) offer.get("key");
        if (!form.equals("jwks")) {
            return Keys.read(form, text);
        }
        String kid = SignedJWT.parse((String) offer.get("token")).getHeader().getKeyID();
        return JWKSet.parse(text).getKeyByKeyId(kid);
    }

    private static Map<String, Object> check(Map<String, Object> offer) throws Exception {
        String alg = (String) offer.get("alg");
        JWK key = readKey(offer);
        Map<String, Object> verdict = new LinkedHashMap<>();
        verdict.put("payload", verify((String) offer.get("token"), alg, key));
        List<Object> accepted = new ArrayList<>();
        List<?> refuse = (List<?>) offer.get("refuse");
        for (int position = 0; position < refuse.size(); position++) {
            try {
                verify((String) refuse.get(position), alg, key);
                accepted.add(position);
            } catch (Exception refused) {
                continue;
            }
        }
        verdict.put("accepted", accepted);
        verdict.put("thumbprint", key.computeThumbprint().toString());
        if (offer.get("sign") != null) {
            verdict.put("signed", sign((String) offer.get("sign"), alg, null, key));
        }
        return verdict;
    }

    private static Map<String, Object> checkAll(Path directory) throws Exception {
        String text = Files.readString(directory.resolve("offered.json"));
        Map<String, Object> offered = JSONObjectUtils.parse(text);
        List<Object> verdicts = new ArrayList<>();
        for (Map<String, Object> offer : JSONObjectUtils.getJSONObjectArray(offered, "cases")) {
            Map<String, Object> verdict = new LinkedHashMap<>();
            verdict.put("id", offer.get("id"));
            try {
                Map<String, Object> found = check(offer);
                verdict.put("ok", true);
                verdict.putAll(found);
            } catch (Exception refused) {
                verdict.put("ok", false);
                verdict.put("error", refused.toString());
            }
            verdicts.add(verdict);
        }
        return Map.of("cases", verdicts);
    }

    private static void write(Path file, Map<String, Object> document) throws Exception {
        Files.writeString(file, JSONObjectUtils.toJSONString(document));
    }

    public static void main(String[] arguments) throws Exception {
        Path directory = Path.of(arguments[1]);
        switch (arguments[0]) {
            case "produce":
                write(directory.resolve("produced.json"), produce(directory));
                break;
            case "check":
                write(directory.resolve("verdicts.json"), checkAll(directory));
                break;
            default:
                throw new IllegalArgumentException("unknown mode " + arguments[0]);
        }
    }
}
