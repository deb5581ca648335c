package org.ringwood.runtime.plot;

import java.util.Locale;

/**
 * Colours that colour-blind people tell apart (Okabe and Ito), each with a marker of its own, so that figures can be read without
 * colours, too. The dark page has lighter ones.
 */
final class Palette {
    private static final String[] LIGHT = {
        "#0072b2", "#d55e00", "#009e73", "#b0568c", "#c98500", "#3b93c9", "#555555", "#8a6d3b"
    };
    private static final String[] DARK = {
        "#4fb0ea", "#ff8a3d", "#2fd0a0", "#ec9cc9", "#f0b429", "#8fd0f5", "#c2c2c2", "#d2b48c"
    };
    private static final String INK =
            ":root{--ink:#1b1f24;--soft:#57606a;--grid:#dde2e8;--paper:#ffffff;--card:#f6f8fa;--warn:#fff3d6";
    private static final String DARK_INK =
            ":root{--ink:#e6e9ed;--soft:#a0a8b2;--grid:#343b44;--paper:#14171b;--card:#1c2127;--warn:#3a3018";

    private Palette() {}

    static int styles() {
        return LIGHT.length;
    }

    /** Variables for a page that follows its reader. */
    static String variables() {
        return INK + colours(LIGHT) + "}\n@media (prefers-color-scheme: dark){" + DARK_INK + colours(DARK) + "}}\n"
                + rules();
    }

    /** The same for a file that is printed. */
    static String printed() {
        return INK + colours(LIGHT) + "}\n" + rules();
    }

    private static String colours(String[] colours) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < colours.length; i++) {
            text.append(";--c").append(i).append(':').append(colours[i]);
        }
        return text.toString();
    }

    private static String rules() {
        StringBuilder text = new StringBuilder("""
                svg text{font-family:system-ui,"Segoe UI",Helvetica,Arial,sans-serif;font-size:11.5px;fill:var(--ink)}
                svg .title{font-size:13px;font-weight:600}svg .tick{fill:var(--soft);font-size:11px}
                svg .grid{stroke:var(--grid);stroke-width:1}svg .frame{stroke:var(--soft);stroke-width:1;fill:none}
                svg .ideal{stroke:var(--soft);stroke-width:1.3;stroke-dasharray:5 4;fill:none}
                svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round}svg .span{stroke-width:1.2}
                """);
        for (int i = 0; i < LIGHT.length; i++) {
            text.append(String.format(
                    Locale.ROOT,
                    "svg .s%1$d{stroke:var(--c%1$d)}svg .m%1$d{fill:var(--c%1$d);stroke:var(--paper);stroke-width:.8}%n",
                    i));
        }
        return text.toString();
    }

    /** The marker of a style around a point, as SVG. */
    static String marker(int style, double x, double y) {
        int index = style % LIGHT.length;
        String shape = switch (index) {
            case 0 -> path(x, y, "m-4.2,0a4.2,4.2 0 1,0 8.4,0a4.2,4.2 0 1,0 -8.4,0z");
            case 1 -> path(x, y, "m-3.9,-3.9h7.8v7.8h-7.8z");
            case 2 -> path(x, y, "m0,-5l4.7,8.4h-9.4z");
            case 3 -> path(x, y, "m0,-5.4l5.4,5.4l-5.4,5.4l-5.4,-5.4z");
            case 4 -> path(x, y, "m0,5l4.7,-8.4h-9.4z");
            case 5 -> path(x, y, "m-1.6,-4.8h3.2v3.2h3.2v3.2h-3.2v3.2h-3.2v-3.2h-3.2v-3.2h3.2z");
            case 6 -> path(x, y, "m-4.8,-2.6h9.6v5.2h-9.6z");
            default -> path(x, y, "m-2.6,-4.8h5.2v9.6h-5.2z");
        };
        return "<path class=\"m" + index + "\" d=\"" + shape + "\"/>";
    }

    private static String path(double x, double y, String relative) {
        return String.format(Locale.ROOT, "M%.1f,%.1f", x, y) + relative;
    }
}
