import com.nimbusds.jose.JWSAlgorithm;
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
import com.nimbusds.jose.crypto.bc.BouncyCastleProviderSingleton;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.OctetKeyPairGenerator;
import com.nimbusds.jose.jwk.gen.OctetSequenceKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.Provider;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;

/** Keys as nimbus-jose-jwt makes, writes and reads them; PEM is Bouncy Castle's, as nimbus has it. */
final class Keys {
    private static final Provider BOUNCY_CASTLE = BouncyCastleProviderSingleton.getInstance();

    private Keys() {
    }

    static JWK generate(String label, String kid) throws Exception {
        JWSAlgorithm alg = JWSAlgorithm.parse(label);
        if (JWSAlgorithm.Family.HMAC_SHA.contains(alg)) {
            int bits = Integer.parseInt(label.substring(2));
            return new OctetSequenceKeyGenerator(bits).keyID(kid).algorithm(alg).generate();
        }
        if (JWSAlgorithm.Family.RSA.contains(alg)) {
            int bits = label.endsWith("512") ? 3072 : 2048;
            return new RSAKeyGenerator(bits).keyID(kid).algorithm(alg)
                .keyUse(KeyUse.SIGNATURE).generate();
        }
        if (JWSAlgorithm.Family.EC.contains(alg)) {
            Curve curve = Curve.forJWSAlgorithm(alg).iterator().next();
            return new ECKeyGenerator(curve).provider(BOUNCY_CASTLE).keyID(kid).algorithm(alg)
                .keyUse(KeyUse.SIGNATURE).generate();
        }
        return new OctetKeyPairGenerator(Curve.Ed25519).keyID(kid).algorithm(alg)
            .keyUse(KeyUse.SIGNATURE).generate();
    }

    /** Every form that nimbus and Bouncy Castle write of this key. */
    static Map<String, Object> forms(JWK key) throws Exception {
        Map<String, Object> forms = new LinkedHashMap<>();
        if (key instanceof OctetSequenceKey) {
            forms.put("jwk", key.toJSONString());
            return forms;
        }
        forms.put("jwk", key.toPublicJWK().toJSONString());
        forms.put("jwk-private", key.toJSONString());
        if (key instanceof OctetKeyPair) {
            return forms;
        }
        AsymmetricJWK pair = (AsymmetricJWK) key;
        forms.put("spki", pem(pair.toPublicKey()));
        forms.put("pkcs8", pem(new JcaPKCS8Generator(pair.toPrivateKey(), null)));
        if (key instanceof RSAKey) {
            forms.put("pkcs1", pem(pair.toPrivateKey()));
        }
        return forms;
    }

    private static String pem(Object key) throws Exception {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
            writer.writeObject(key);
        }
        return text.toString();
    }

    static JWK read(String form, String text) throws Exception {
        switch (form) {
            case "jwk":
            case "jwk-private":
                return JWK.parse(text);
            case "secret":
                return new OctetSequenceKey.Builder(text.getBytes(StandardCharsets.UTF_8)).build();
            default:
                return JWK.parseFromPEMEncodedObjects(text);
        }
    }

    static JWSSigner signer(JWK key) throws Exception {
        if (key instanceof OctetSequenceKey) {
            return new MACSigner((OctetSequenceKey) key);
        }
        if (key instanceof RSAKey) {
            return new RSASSASigner((RSAKey) key);
        }
        if (key instanceof ECKey) {
            ECDSASigner signer = new ECDSASigner((ECKey) key);
            signer.getJCAContext().setProvider(BOUNCY_CASTLE);
            return signer;
        }
        return new Ed25519Signer((OctetKeyPair) key);
    }

    static JWSVerifier verifier(JWK key) throws Exception {
        if (key instanceof OctetSequenceKey) {
            return new MACVerifier((OctetSequenceKey) key);
        }
        JWK publicKey = key.toPublicJWK();
        if (publicKey instanceof RSAKey) {
            return new RSASSAVerifier((RSAKey) publicKey);
        }
        if (publicKey instanceof ECKey) {
            ECDSAVerifier verifier = new ECDSAVerifier((ECKey) publicKey);
            verifier.getJCAContext().setProvider(BOUNCY_CASTLE);
            return verifier;
        }
        return new Ed25519Verifier((OctetKeyPair) publicKey);
    }
}
