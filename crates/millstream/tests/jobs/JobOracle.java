import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.*;
import org.apache.flink.types.*;
import org.apache.flink.util.CloseableIterator;

import java.nio.file.*;
import java.util.*;
import java.util.regex.*;
import java.util.stream.*;

/**
 * Runs each job with real Flink over its input and writes the rows that the sink then holds to expected.txt.
 *
 * <p>The source becomes a file; metadata columns, which a file has none of, become fields that are put into the input. What the
 * sink would do is done here: the query's columns are cast to the sink's, and changes are applied by its key.
 */
public class JobOracle {
    public static void main(String[] args) throws Exception {
        Path root = Path.of(args[0]);
        boolean failed = false;
        List<Path> jobs;
        try (Stream<Path> list = Files.list(root)) {
            jobs = list.filter(path -> Files.exists(path.resolve("job.sql"))).sorted().collect(Collectors.toList());
        }
        for (Path job : jobs) {
            if (args.length > 1 && !job.getFileName().toString().contains(args[1])) continue;
            try {
                List<String> rows = run(job);
                Files.write(job.resolve("expected.txt"), rows);
                System.out.println(job.getFileName() + ": " + rows.size() + " rows");
            } catch (Throwable e) {
                failed = true;
                while (e.getCause() != null) e = e.getCause();
                System.out.println(job.getFileName() + ": " + e);
            }
        }
        System.exit(failed ? 1 : 0);
    }

    static List<String> run(Path job) throws Exception {
        Configuration conf = new Configuration();
        conf.setString("execution.target", "local");
        conf.setString("parallelism.default", "1");
        conf.setString("table.local-time-zone", "UTC");
        TableEnvironment env = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(conf).build());
        String sql = Files.readString(job.resolve("job.sql")).replaceAll("(?m)^\\s*--.*$", "").replace("${dst}", "dst");
        Map<String, String> metadata = new LinkedHashMap<>();
        Matcher matcher = Pattern.compile("`?(\\w+)`? (BIGINT|INT|STRING) METADATA(?: FROM '(\\w+)')?( VIRTUAL)?").matcher(sql);
        while (matcher.find()) metadata.put(matcher.group(1), matcher.group(3) == null ? matcher.group(1) : matcher.group(3));
        sql = sql.replaceAll(" METADATA( FROM '\\w+')?( VIRTUAL)?", "");
        Path input = input(job.resolve("input.jsonl"), metadata);
        sql = sql.replace("${src}", "'connector'='filesystem','path'='file://" + input + "'").replaceAll("\\$\\{dst\\.\\w+\\}", "'connector'='blackhole'");
        List<String> rows = null;
        for (String statement : sql.split(";\\s*\n")) {
            statement = statement.trim();
            Matcher set = Pattern.compile("SET\\s+'([^']+)'\\s*=\\s*'([^']+)'").matcher(statement);
            Matcher insert = Pattern.compile("INSERT INTO dst\\s*(?:\\(([^)]*)\\))?\\s*(SELECT.*)", Pattern.DOTALL).matcher(statement);
            if (statement.isEmpty()) continue;
            else if (set.matches()) env.getConfig().getConfiguration().setString(set.group(1), set.group(2));
            else if (insert.matches()) rows = insert(env, insert.group(1), insert.group(2));
            else env.executeSql(statement);
        }
        return rows;
    }

    /** The input with the metadata that a Kafka topic of one partition would give each record. */
    static Path input(Path file, Map<String, String> metadata) throws Exception {
        Path copy = Files.createTempFile("input", ".jsonl");
        List<String> lines = Files.readAllLines(file);
        for (int i = 0; i < lines.size(); i++) {
            StringBuilder fields = new StringBuilder();
            for (Map.Entry<String, String> column : metadata.entrySet()) {
                Object value = Map.of("offset", i, "partition", 0, "topic", "\"src\"").get(column.getValue());
                fields.append('"').append(column.getKey()).append("\":").append(value).append(',');
            }
            String line = lines.get(i);
            if (line.startsWith("{\"before\"")) line = line.replaceAll("\"(before|after)\": \\{", Matcher.quoteReplacement("\"$1\": {" + fields).replace("\\$1", "$1"));
            else line = "{" + fields + line.substring(1);
            lines.set(i, line.replace(",}", "}"));
        }
        Files.write(copy, lines);
        return copy;
    }

    static List<String> insert(TableEnvironment env, String named, String query) throws Exception {
        List<String> names = new ArrayList<>(), types = new ArrayList<>(), keys = new ArrayList<>();
        try (CloseableIterator<Row> columns = env.executeSql("DESCRIBE dst").collect()) {
            while (columns.hasNext()) {
                Row column = columns.next();
                names.add((String) column.getField(0));
                types.add((String) column.getField(1));
                if (column.getField(3) != null) keys.add((String) column.getField(0));
            }
        }
        List<String> given = named == null ? names : Arrays.stream(named.split(",")).map(name -> name.trim().replace("`", "")).collect(Collectors.toList());
        List<String> casts = new ArrayList<>(), aliases = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) aliases.add("c" + i);
        for (int i = 0; i < names.size(); i++) {
            int at = given.indexOf(names.get(i));
            casts.add("CAST(" + (at < 0 ? "NULL" : "c" + at) + " AS " + types.get(i) + ")");
        }
        String wrapped = "SELECT " + String.join(", ", casts) + " FROM (" + query + ") AS q(" + String.join(", ", aliases) + ")";
        List<String> appended = new ArrayList<>();
        Map<List<Object>, String> table = new HashMap<>();
        try (CloseableIterator<Row> changes = env.executeSql(wrapped).collect()) {
            while (changes.hasNext()) {
                Row row = changes.next();
                RowKind kind = row.getKind();
                List<Object> key = keys.stream().map(name -> row.getField(names.indexOf(name))).collect(Collectors.toList());
                row.setKind(RowKind.INSERT);
                if (keys.isEmpty() && kind == RowKind.INSERT) appended.add(row.toString());
                else if (keys.isEmpty()) throw new IllegalStateException("a change of an append sink: " + kind);
                else if (kind == RowKind.INSERT || kind == RowKind.UPDATE_AFTER) table.put(key, row.toString());
                else table.remove(key);
            }
        }
        appended.addAll(table.values());
        Collections.sort(appended);
        return appended;
    }
}
