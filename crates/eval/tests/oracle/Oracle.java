import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.*;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;

import java.io.PrintWriter;
import java.nio.file.*;
import java.util.*;

/**
 * Evaluates the cases of a file with real Flink and writes the golden file beside them.
 *
 * <p>Input: `set KEY=VALUE`, `table NAME`, `column NAME TYPE`, `row CELL<tab>CELL...` and `? EXPRESSION` lines; a table ends at the
 * next `table`. Output: the same lines, each `?` followed by `: TYPE` and one `= CELL<tab>CELL...` with a cell per row, or by
 * `! MESSAGE` where Flink refuses the expression. A cell is NULL, a quoted text, a bare value, or `!MESSAGE` where evaluation failed.
 */
public class Oracle {
    static TableEnvironment env;
    static int rows;
    static final Map<String, String> refusals = new HashMap<>();

    public static void main(String[] args) throws Exception {
        Configuration conf = new Configuration();
        conf.setString("execution.target", "local");
        conf.setString("parallelism.default", "1");
        conf.setString("table.local-time-zone", "UTC");
        env = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(conf).build());
        List<String> lines = Files.readAllLines(Path.of(args[0]));
        try (PrintWriter out = new PrintWriter(args[1], "UTF-8")) {
            int i = 0;
            while (i < lines.size()) {
                int end = i + 1;
                while (end < lines.size() && !lines.get(end).startsWith("table ") && !lines.get(end).startsWith("set ")) end++;
                group(lines.subList(i, end), out);
                out.flush();
                i = end;
            }
        }
        System.exit(0);
    }

    static void group(List<String> lines, PrintWriter out) throws Exception {
        String table = null;
        List<String> columns = new ArrayList<>();
        List<String> data = new ArrayList<>();
        List<String> cases = new ArrayList<>();
        for (String line : lines) {
            if (line.startsWith("? ")) {
                cases.add(line.substring(2));
                continue;
            }
            out.println(line);
            if (line.startsWith("set ")) {
                String[] pair = line.substring(4).split("=", 2);
                env.getConfig().getConfiguration().setString(pair[0], pair[1]);
            } else if (line.startsWith("table ")) table = line.substring(6);
            else if (line.startsWith("column ")) columns.add(line.substring(7));
            else if (line.startsWith("row ")) data.add(line.substring(4));
        }
        if (table == null || cases.isEmpty()) return;
        rows = data.size();
        create(table, columns, data);
        Map<String, String> types = new HashMap<>();
        List<String> valid = new ArrayList<>();
        Map<String, String[]> cells = new HashMap<>();
        for (String text : cases) {
            try {
                types.put(text, ": " + env.sqlQuery("SELECT " + text + " AS x FROM " + table).getResolvedSchema().getColumnDataTypes().get(0).getLogicalType());
                valid.add(text);
                cells.put(text, new String[rows]);
            } catch (Throwable e) {
                types.put(text, "! " + root(e));
            }
        }
        for (int from = 0; from < valid.size(); from += 40) run(table, valid.subList(from, Math.min(valid.size(), from + 40)), cells, null);
        for (String text : cases) {
            out.println("? " + text);
            out.println(refusals.getOrDefault(text, types.get(text)));
            if (cells.containsKey(text)) out.println("= " + String.join("\t", cells.get(text)));
        }
    }

    static void create(String table, List<String> columns, List<String> data) throws Exception {
        Path file = Files.createTempFile("oracle", ".csv");
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < data.size(); i++) {
            text.append(i);
            for (String cell : data.get(i).split("\t", -1)) {
                text.append('\t');
                text.append(cell.equals("NULL") ? "NULL" : '"' + unescape(cell).replace("\"", "\"\"") + '"');
            }
            text.append('\n');
        }
        Files.writeString(file, text.toString());
        env.executeSql("CREATE TABLE " + table + " (row_index INT, " + String.join(", ", columns) + ") WITH ('connector'='filesystem','format'='csv','path'='file://" + file
                + "','csv.field-delimiter'='\\t','csv.null-literal'='NULL')");
    }

    static String unescape(String cell) {
        return cell.replace("\\t", "\t").replace("\\n", "\n").replace("\\0", "\0").replace("\\\\", "\\");
    }

    /** Evaluates together what can be; halves on failure until the one expression and the one row are found. */
    static void run(String table, List<String> texts, Map<String, String[]> cells, Integer row) {
        StringBuilder select = new StringBuilder("SELECT row_index");
        for (int i = 0; i < texts.size(); i++) select.append(", ").append(texts.get(i)).append(" AS x").append(i);
        select.append(" FROM ").append(table);
        if (row != null) select.append(" WHERE row_index = ").append(row);
        Map<Integer, Row> found = new HashMap<>();
        try (CloseableIterator<Row> result = env.sqlQuery(select.toString()).execute().collect()) {
            while (result.hasNext()) {
                Row next = result.next();
                found.put((Integer) next.getField(0), next);
            }
        } catch (Throwable e) {
            if (texts.size() > 1) {
                int half = texts.size() / 2;
                run(table, texts.subList(0, half), cells, row);
                run(table, texts.subList(half, texts.size()), cells, row);
            } else if (row == null && refused(e)) {
                cells.remove(texts.get(0));
                refusals.put(texts.get(0), "! " + root(e));
            } else if (row == null) {
                for (int i = 0; i < rows; i++) run(table, texts, cells, i);
            } else {
                cells.get(texts.get(0))[row] = "!" + root(e);
            }
            return;
        }
        found.forEach((index, values) -> {
            for (int i = 0; i < texts.size(); i++) cells.get(texts.get(i))[index] = show(values.getField(i + 1));
        });
    }

    /** Flink accepts some expressions while it validates and refuses them only when it generates code. */
    static boolean refused(Throwable e) {
        String text = root(e);
        return text.startsWith("ValidationException") || text.startsWith("CodeGenException") || text.startsWith("TableException: Type is not")
                || text.startsWith("UnsupportedOperationException") || text.startsWith("CompileException");
    }

    static String show(Object value) {
        if (value == null) return "NULL";
        if (value instanceof String) return quote((String) value);
        if (value instanceof java.math.BigDecimal) return ((java.math.BigDecimal) value).toPlainString();
        if (value instanceof byte[]) {
            StringBuilder hex = new StringBuilder("x");
            for (byte b : (byte[]) value) hex.append(String.format("%02x", b));
            return hex.toString();
        }
        return value.toString();
    }

    static String quote(String text) {
        return "'" + text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\0", "\\0").replace("\r", "\\r") + "'";
    }

    static String root(Throwable e) {
        while (e.getCause() != null) e = e.getCause();
        return (e.getClass().getSimpleName() + ": " + e.getMessage()).replace("\t", " ").replaceAll("\\s*\n\\s*", " \u23ce ");
    }
}
