import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.*;

import java.io.*;
import java.nio.file.*;
import java.util.*;

/**
 * Runs the jobs of a file with real Flink and writes the golden file: the same lines, each job followed by the rows that its
 * sink holds in the end, sorted, one `= row` line each, or by `! MESSAGE` where Flink refuses it.
 *
 * <p>A job: `column` lines (those of its table `t`; METADATA clauses are for Millstream alone, here such a column is physical), `key COLUMNS` if
 * the table is a changelog, `row OP<tab>CELL...` with OP c, u or d, `into COLUMNS` (those of its sink `s`), `insert QUERY`.
 */
public class Jobs {
    public static void main(String[] args) throws Exception {
        try (PrintWriter out = new PrintWriter(args[1], "UTF-8")) {
            for (String job : Files.readString(Path.of(args[0])).strip().split("\n\n")) {
                out.println(job);
                for (String line : run(job)) out.println(line);
                out.println();
                out.flush();
            }
        }
        System.exit(0);
    }

    static List<String> run(String job) throws Exception {
        List<String> columns = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        Map<List<String>, String> rows = new HashMap<>();
        List<Integer> key = null;
        String keyText = null, into = null, insert = null;
        for (String line : job.split("\n")) {
            String rest = line.substring(line.indexOf(' ') + 1);
            if (line.startsWith("column ")) {
                columns.add(rest.replaceAll(" METADATA( FROM '[a-z]*')?( VIRTUAL)?", ""));
                if (!rest.contains(" AS ")) names.add(rest.substring(0, rest.indexOf(' ')));
            } else if (line.startsWith("key ")) {
                keyText = rest;
                key = new ArrayList<>();
                for (String column : rest.split(", ")) key.add(names.indexOf(column));
            } else if (line.startsWith("into ")) into = rest;
            else if (line.startsWith("insert ")) insert = rest;
            else if (line.startsWith("row ")) {
                String[] parts = rest.split("\t", -1);
                String[] cells = Arrays.copyOfRange(parts, 1, parts.length);
                if (key == null) {
                    lines.add(json(names, cells));
                    continue;
                }
                List<String> id = new ArrayList<>();
                for (int column : key) id.add(cells[column]);
                String before = rows.get(id), after = json(names, cells);
                if (parts[0].equals("c")) lines.add("{\"before\":null,\"after\":" + after + ",\"op\":\"c\"}");
                if (parts[0].equals("u")) lines.add("{\"before\":" + before + ",\"after\":" + after + ",\"op\":\"u\"}");
                if (parts[0].equals("d")) lines.add("{\"before\":" + before + ",\"after\":null,\"op\":\"d\"}");
                rows.put(id, after);
            }
        }
        Path file = Files.createTempFile("jobs", ".json");
        Files.write(file, lines);
        Configuration conf = new Configuration();
        conf.setString("execution.target", "local");
        conf.setString("parallelism.default", "1");
        conf.setString("table.dml-sync", "true");
        conf.setString("table.local-time-zone", "UTC");
        TableEnvironment env = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(conf).build());
        String format = key == null ? "'format'='json','json.timestamp-format.standard'='SQL'" : "'format'='debezium-json'";
        if (keyText != null) columns.add("PRIMARY KEY (" + keyText + ") NOT ENFORCED");
        PrintStream stdout = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            env.executeSql("CREATE TABLE t (" + String.join(", ", columns) + ") WITH ('connector'='filesystem','path'='file://" + file + "'," + format + ")");
            env.executeSql("CREATE TABLE s (" + into + ") WITH ('connector'='print')");
            System.setOut(new PrintStream(printed, true, "UTF-8"));
            env.executeSql("INSERT INTO s " + insert).await();
        } catch (Throwable e) {
            Throwable root = e;
            while (root.getCause() != null) root = root.getCause();
            return List.of("! " + root.toString().replace("\n", " "));
        } finally {
            System.setOut(stdout);
        }
        List<String> held = new ArrayList<>();
        for (String line : printed.toString("UTF-8").split("\n")) {
            if (line.isEmpty()) continue;
            String row = "= " + line.substring(3, line.length() - 1);
            if (line.startsWith("+")) held.add(row);
            else if (!held.remove(row)) throw new IllegalStateException(line);
        }
        Collections.sort(held);
        return held;
    }

    /** Cells as JSON texts, which Flink reads as any type. */
    static String json(List<String> names, String[] cells) {
        StringBuilder text = new StringBuilder("{");
        for (int i = 0; i < cells.length; i++) {
            if (i > 0) text.append(',');
            text.append('"').append(names.get(i)).append("\":");
            text.append(cells[i].equals("NULL") ? "null" : '"' + cells[i] + '"');
        }
        return text.append('}').toString();
    }
}
