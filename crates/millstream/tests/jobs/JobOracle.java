import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.*;
import org.apache.flink.types.*;
import org.apache.flink.util.CloseableIterator;

import java.nio.file.*;
import java.time.*;
import java.time.format.DateTimeFormatter;
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
        Matcher matcher = Pattern.compile("`?(\\w+)`? (BIGINT|INT|STRING|TIMESTAMP_LTZ\\(3\\)) METADATA(?: FROM '([\\w-]+)')?( VIRTUAL)?").matcher(sql);
        while (matcher.find()) metadata.put(matcher.group(1), matcher.group(3) == null ? matcher.group(1) : matcher.group(3));
        sql = sql.replaceAll(" METADATA( FROM '[\\w-]+')?( VIRTUAL)?", "");
        Path input = input(job, metadata);
        sql = sql.replace("${src}", "'connector'='filesystem','path'='file://" + input + "'").replaceAll("\\$\\{dst\\.\\w+\\}", "'connector'='blackhole'");
        List<String> rows = null;
        for (String statement : sql.split(";\\s*\n")) {
            statement = statement.trim();
            Matcher set = Pattern.compile("SET\\s+'([^']+)'\\s*=\\s*'([^']+)'").matcher(statement);
            Matcher insert = Pattern.compile("INSERT INTO dst\\s*(?:\\(([^)]*)\\))?\\s*(SELECT.*)", Pattern.DOTALL).matcher(statement);
            if (statement.isEmpty()) continue;
            else if (set.matches()) env.getConfig().getConfiguration().setString(set.group(1), set.group(2));
            else if (insert.matches()) {
                // What Flink would not insert is no job.
                env.explainSql(statement.replaceAll(";$", ""));
                rows = insert(env, insert.group(1), insert.group(2));
            }
            else env.executeSql(statement);
        }
        return rows;
    }

    /** The values of the input, each with the metadata that its record has in a Kafka topic. */
    static Path input(Path job, Map<String, String> metadata) throws Exception {
        List<String> values = new ArrayList<>();
        Map<Long, Long> offsets = new HashMap<>();
        for (String line : Files.readAllLines(job.resolve("input.jsonl"))) {
            int tab = line.indexOf('\t');
            String beside = tab < 0 ? "" : line.substring(0, tab), value = line.substring(tab + 1);
            long partition = number(beside, "partition"), offset = offsets.merge(partition, 1L, Long::sum) - 1;
            String written = Instant.ofEpochMilli(number(beside, "timestamp")).atOffset(ZoneOffset.UTC).format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS'Z'"));
            Map<String, Object> known = Map.of("offset", offset, "partition", partition, "topic", '"' + job.getFileName().toString() + '"',
                "timestamp", '"' + written + '"', "timestamp-type", "\"CreateTime\"", "leader-epoch", 0);
            StringBuilder fields = new StringBuilder();
            metadata.forEach((column, key) -> fields.append('"').append(column).append("\":").append(known.get(key)).append(','));
            if (value.startsWith("{\"before\"")) value = value.replaceAll("\"(before|after)\": \\{", Matcher.quoteReplacement("\"$1\": {" + fields).replace("\\$1", "$1"));
            else value = "{" + fields + value.substring(1);
            // A tombstone is nothing to Flink's formats.
            if (!line.endsWith("\tnull")) values.add(value.replace(",}", "}"));
        }
        Path copy = Files.createTempFile("input", ".jsonl");
        Files.write(copy, values);
        return copy;
    }

    /** A number of what stands before a line's tab, 0 without it. */
    static long number(String beside, String name) {
        Matcher matcher = Pattern.compile('"' + name + "\": ?(\\d+)").matcher(beside);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
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
