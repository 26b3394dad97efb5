import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.Ed25519Signer;
import com.nimbusds.jose.crypto.Ed25519Verifier;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** nimbus-jose-jwt: signers and verifiers made once. Processor time of the process: its compiler and collector count. */
public final class Bench {
    private static final double WARM_NS = 1.5e9;
    private static final double STRETCH_NS = 250e6; // this clock ticks in hundredths of a second
    private static final int STRETCHES = 3;
    private static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private interface Call {
        void run(int number) throws Exception;
    }

    private Bench() {
    }

    private static double stretch(Call call, double length) throws Exception {
        double start = SYSTEM.getProcessCpuTime();
        int calls = 0;
        while (SYSTEM.getProcessCpuTime() - start < length) {
            for (int i = 0; i < 50; i++) {
                call.run(calls + i);
            }
            calls += 50;
        }
        return (SYSTEM.getProcessCpuTime() - start) / calls;
    }

    private static void measure(String operation, String algorithm, Call call) throws Exception {
        stretch(call, WARM_NS);
        double[] values = new double[STRETCHES];
        for (int i = 0; i < STRETCHES; i++) {
            values[i] = stretch(call, STRETCH_NS);
        }
        Arrays.sort(values);
        System.out.printf("{\"operation\":\"%s\",\"algorithm\":\"%s\",\"mode\":\"\",\"ns\":%d}%n",
            operation, algorithm, (long) values[STRETCHES / 2]);
    }

    private static JWSSigner signer(JWK key) throws Exception {
        switch (key.getKeyType().getValue()) {
            case "oct": return new MACSigner(key.toOctetSequenceKey());
            case "RSA": return new RSASSASigner(key.toRSAKey());
            case "EC": return new ECDSASigner(key.toECKey());
            default: return new Ed25519Signer(key.toOctetKeyPair());
        }
    }

    private static JWSVerifier verifier(JWK key) throws Exception {
        switch (key.getKeyType().getValue()) {
            case "oct": return new MACVerifier(key.toOctetSequenceKey());
            case "RSA": return new RSASSAVerifier(key.toRSAKey());
            case "EC": return new ECDSAVerifier(key.toECKey());
            default: return new Ed25519Verifier(key.toOctetKeyPair().toPublicJWK());
        }
    }

    private static List<String> texts(Object list) {
        List<String> texts = new ArrayList<>();
        for (Object item : (List<?>) list) {
            texts.add((String) item);
        }
        return texts;
    }

    private static void verify(String token, JWSVerifier verifier, JWSAlgorithm algorithm,
            DefaultJWTClaimsVerifier<?> policy) throws Exception {
        SignedJWT jwt = SignedJWT.parse(token);
        if (!algorithm.equals(jwt.getHeader().getAlgorithm()) || !jwt.verify(verifier)) {
            throw new SecurityException("bad signature");
        }
        policy.verify(jwt.getJWTClaimsSet(), null);
    }

    private static void measureAlgorithm(String name, Map<String, Object> given, List<JWTClaimsSet> payloads,
            DefaultJWTClaimsVerifier<?> policy) throws Exception {
        JWSAlgorithm algorithm = JWSAlgorithm.parse(name);
        JWSSigner signer = signer(JWK.parse((String) given.get("private_jwk")));
        JWSVerifier verifier = verifier(JWK.parse((String) given.get("public_jwk")));
        List<String> tokens = texts(given.get("tokens"));
        for (String token : tokens.subList(0, 20)) {
            verify(token, verifier, algorithm, policy);
        }
        for (Map.Entry<String, Object> bad : JSONObjectUtils.getJSONObject(given, "bad").entrySet()) {
            boolean refused = false;
            try {
                verify((String) bad.getValue(), verifier, algorithm, policy);
            } catch (Exception expected) {
                refused = true;
            }
            if (!refused) {
                throw new IllegalStateException("accepted: " + bad.getKey());
            }
        }
        measure("verify", name, i -> verify(tokens.get(i % tokens.size()), verifier, algorithm, policy));
        JWSHeader header = new JWSHeader.Builder(algorithm).build();
        measure("sign", name, i -> {
            SignedJWT jwt = new SignedJWT(header, payloads.get(i % payloads.size()));
            jwt.sign(signer);
            jwt.serialize();
        });
        if (name.equals("HS256")) {
            measure("read", "", i -> SignedJWT.parse(tokens.get(i % tokens.size())).getJWTClaimsSet().getClaim("role"));
        }
    }

    public static void main(String[] arguments) throws Exception {
        String text = new String(Files.readAllBytes(Path.of(arguments[0])), StandardCharsets.UTF_8);
        Map<String, Object> fixture = JSONObjectUtils.parse(text);
        Map<String, Object> algorithms = JSONObjectUtils.getJSONObject(fixture, "algorithms");
        List<JWTClaimsSet> payloads = new ArrayList<>();
        for (Object payload : (List<?>) fixture.get("payloads")) {
            @SuppressWarnings("unchecked")
            Map<String, Object> members = (Map<String, Object>) payload;
            payloads.add(JWTClaimsSet.parse(members));
        }
        DefaultJWTClaimsVerifier<?> policy = new DefaultJWTClaimsVerifier<>((String) fixture.get("audience"),
            new JWTClaimsSet.Builder().issuer((String) fixture.get("issuer")).build(), Set.of("exp"));
        System.out.printf("{\"version\":\"%s\",\"runtime\":\"Java %s\"}%n",
            System.getProperty("peer.version", ""), Runtime.version().feature());
        for (String name : List.of("HS256", "RS256", "ES256", "EdDSA")) {
            measureAlgorithm(name, JSONObjectUtils.getJSONObject(algorithms, name), payloads, policy);
        }
    }
}
