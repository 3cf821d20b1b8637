/* SPDX-License-Identifier: Apache-2.0 */
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.GraphicsEnvironment;
import java.awt.image.BufferedImage;

/* Lists the fonts and draws with one: the libraries that this takes are looked for only now. */
public class Fonts {
    public static void main(String[] args) {
        Font[] fonts = GraphicsEnvironment.getLocalGraphicsEnvironment().getAllFonts();
        Graphics2D canvas = new BufferedImage(100, 20, BufferedImage.TYPE_INT_RGB).createGraphics();
        canvas.setFont(new Font("DejaVu Sans", Font.PLAIN, 12));
        int width = canvas.getFontMetrics().stringWidth("text");
        System.out.println(fonts.length + " fonts available, text is " + width + " wide");
    }
}
