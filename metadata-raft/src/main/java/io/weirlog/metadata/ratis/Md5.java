package io.weirlog.metadata.ratis;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.apache.ratis.io.MD5Hash;

/// The checksum by which Ratis compares a snapshot it sends. Our own, stronger one is in the file.
final class Md5 {
    private Md5() {}

    static MD5Hash of(byte[] bytes) {
        try {
            return MD5Hash.newInstance(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has MD5", e);
        }
    }
}
