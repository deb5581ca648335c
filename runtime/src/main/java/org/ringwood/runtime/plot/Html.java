package org.ringwood.runtime.plot;

import java.util.List;
import java.util.stream.Collectors;

/** Pieces of HTML. */
final class Html {
    private Html() {}

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** A table; cells that begin with a digit or a dash stand at the right. */
    static String table(List<String> titles, List<List<String>> rows) {
        StringBuilder html = new StringBuilder("<div class=\"scroll\"><table><thead><tr>");
        titles.forEach(
                title -> html.append("<th scope=\"col\">").append(escape(title)).append("</th>"));
        html.append("</tr></thead><tbody>\n");
        for (List<String> row : rows) {
            html.append(row.stream().map(Html::cell).collect(Collectors.joining("", "<tr>", "</tr>\n")));
        }
        return html.append("</tbody></table></div>\n").toString();
    }

    private static String cell(String text) {
        boolean number = text.matches("[0-9–].*");
        return (number ? "<td class=\"n\">" : "<td>") + escape(text) + "</td>";
    }
}
