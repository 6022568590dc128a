package io.weirlog.tls;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// The certificates that TLS connections are made with. They are read again by [#reload]: connections that begin later
/// use the new ones, those that are open stay as they are. Thread-safe.
public final class TlsKeys {
    private final TlsFiles files;
    private final OwnKeys own = new OwnKeys();
    private volatile TlsMaterial current;
    private volatile Authorities authorities;
    private TlsContent installed;
    private @Nullable TlsContent suspect;
    private boolean told;

    /// What came of looking at the files.
    public sealed interface Reload {
        record Unchanged() implements Reload {}

        record Changed() implements Reload {}

        /// The files have changed into something of no use; what was there before stays in use. Told once.
        ///
        /// @param message names the file and says what to do
        record Failed(String message) implements Reload {}
    }

    private TlsKeys(TlsFiles files) throws TlsFileException {
        this.files = files;
        this.installed = TlsContent.read(files);
        TlsMaterial material = parse(installed);
        this.current = material;
        this.authorities = new Authorities(material.authorities(), files.authorities());
        this.own.install(material);
    }

    public static TlsKeys open(TlsFiles files) throws TlsFileException {
        return new TlsKeys(files);
    }

    private TlsMaterial parse(TlsContent content) throws TlsFileException {
        if (content.problem().isPresent()) {
            throw new TlsFileException(content.problem().get());
        }
        return TlsMaterial.of(files, content, Instant.now());
    }

    /// Reads the files and takes what they hold if it is something else.
    ///
    /// Files are not replaced at one moment: what does not fit together counts as a failure only if it is there the
    /// next time too.
    public synchronized Reload reload() {
        TlsContent content = TlsContent.read(files);
        if (content.equals(installed)) {
            suspect = null;
            return new Reload.Unchanged();
        }
        try {
            TlsMaterial material = parse(content);
            authorities = new Authorities(material.authorities(), files.authorities());
            own.install(material);
            current = material;
            installed = content;
            suspect = null;
            return new Reload.Changed();
        } catch (TlsFileException e) {
            if (suspect == null || !content.equals(suspect)) {
                suspect = content;
                told = false;
                return new Reload.Unchanged();
            }
            if (told) {
                return new Reload.Unchanged();
            }
            told = true;
            return new Reload.Failed(String.valueOf(e.getMessage()));
        }
    }

    public TlsFiles files() {
        return files;
    }

    public TlsMaterial current() {
        return current;
    }

    /// What this side shows, always the newest.
    public X509ExtendedKeyManager keyManager() {
        return own;
    }

    /// Trusts what the authorities have signed, always the newest, and nothing else.
    ///
    /// @param objection says what more is wrong with a certificate that they have signed; empty: nothing
    public X509ExtendedTrustManager trustManager(Function<X509Certificate, Optional<String>> objection) {
        return new PeerTrust(() -> authorities, objection);
    }

    /// Trusts what the authorities have signed, always the newest, and nothing else.
    public X509ExtendedTrustManager trustManager() {
        return trustManager(certificate -> Optional.empty());
    }
}
