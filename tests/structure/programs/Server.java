/* SPDX-License-Identifier: Apache-2.0 */
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.GraphicsEnvironment;
import java.awt.image.BufferedImage;
import java.net.http.HttpClient;
import java.security.KeyStore;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/* What a server asks of its image, a line each: the libraries that this takes are looked for only now. */
public class Server {
    /* Lists the fonts and draws with one. */
    static String fonts() {
        Font[] fonts = GraphicsEnvironment.getLocalGraphicsEnvironment().getAllFonts();
        Graphics2D canvas = new BufferedImage(100, 20, BufferedImage.TYPE_INT_RGB).createGraphics();
        canvas.setFont(new Font("DejaVu Sans", Font.PLAIN, 12));
        return fonts.length + " fonts available, text is " + canvas.getFontMetrics().stringWidth("text") + " wide";
    }

    static String authorities() throws Exception {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init((KeyStore) null);
        X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
        HttpClient client = HttpClient.newBuilder().sslContext(SSLContext.getDefault()).build();
        return manager.getAcceptedIssuers().length + " authorities, " + String.join(" ", client.sslParameters().getProtocols());
    }

    public static void main(String[] args) throws Exception {
        System.out.println(fonts());
        System.out.println(authorities());
        System.out.println(Instant.EPOCH.atZone(ZoneId.of("Asia/Tokyo")).getHour() + " h, " + String.format(Locale.GERMANY, "%tB", Instant.EPOCH.atZone(ZoneId.of("UTC"))));
    }
}
