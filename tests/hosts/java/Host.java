import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Host: xerial's sqlite-jdbc in a HikariCP pool. What it is given and prints: tests/hosts/README.md. */
public final class Host {
    private static final Pattern PARAMETER = Pattern.compile("'(?:[^']|'')*'|--[^\\n]*|:([a-z_]\\w*)");

    private final Map<String, String> variables = new HashMap<>();
    private int passed;
    private int failed;

    private static HikariDataSource pool(String database, String extension) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:sqlite:" + database);
        config.addDataSourceProperty("enable_load_extension", "true");
        config.addDataSourceProperty("busy_timeout", "10000");
        config.addDataSourceProperty("journal_mode", "WAL");
        // Each connection of the pool, when it is made.
        config.setConnectionInitSql("SELECT load_extension('" + extension.replace("'", "''") + "')");
        config.setMaximumPoolSize(6);
        return new HikariDataSource(config);
    }

    private List<String> query(Connection connection, String text) throws SQLException {
        Set<String> names = new LinkedHashSet<>();
        for (Matcher matcher = PARAMETER.matcher(text); matcher.find();) {
            if (matcher.group(1) != null) names.add(matcher.group(1));
        }
        List<String> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            int place = 0; // a name has the number of its first place in the text
            for (String name : names) statement.setString(++place, variables.get(name));
            if (!statement.execute()) return rows;
            try (ResultSet result = statement.getResultSet()) {
                while (result.next()) {
                    StringBuilder row = new StringBuilder();
                    for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                        String value = result.getString(i);
                        row.append(i > 1 ? "|" : "").append(value == null ? "" : value);
                    }
                    rows.add(row.toString());
                }
            }
        }
        return rows;
    }

    private void judge(String title, String found, String wanted) {
        if (found.equals(wanted)) {
            passed++;
        } else {
            failed++;
            System.out.printf("FAILED: %s%n    found:  %s%n    wanted: %s%n", title, found, wanted);
        }
    }

    private void step(Connection connection, String action, String value, String title) throws Exception {
        String text = title.startsWith("@") ? Files.readString(Path.of(title.substring(1))) : title;
        if (value.startsWith(":")) value = variables.get(value.substring(1));
        List<String> rows;
        try {
            if (action.equals("script")) {
                try (Statement statement = connection.createStatement()) {
                    statement.executeUpdate(text);
                }
                judge(title, "", "");
                return;
            }
            rows = query(connection, text);
        } catch (SQLException error) {
            String found = "error: " + error.getMessage();
            judge(title, found, action.equals("fails") && found.contains(value) ? found : value);
            return;
        }
        String plain = String.join(" / ", rows);
        switch (action) {
            case "keep":
                if (!rows.isEmpty()) {
                    String[] cells = rows.get(0).split("\\|", -1);
                    String[] names = value.split(",");
                    for (int i = 0; i < names.length; i++) variables.put(names[i], cells[i]);
                }
                judge(title, String.valueOf(rows.isEmpty()), "false");
                break;
            case "show":
                System.out.println(value + ": " + plain);
                break;
            default:
                judge(title, plain, value);
        }
    }

    /** Many threads that take and give back the connections of the pool. */
    private void crowd(HikariDataSource pool) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        List<Future<String>> answers = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            answers.add(threads.submit((Callable<String>) () -> {
                try (Connection connection = pool.getConnection()) {
                    return query(connection, "SELECT jwt_status(:token, :public)").get(0);
                }
            }));
        }
        for (Future<String> answer : answers) judge("a pool of connections", answer.get(), "ok");
        threads.shutdown();
    }

    public static void main(String[] arguments) throws Exception {
        Host host = new Host();
        for (int i = 3; i < arguments.length; i++) {
            String[] pair = arguments[i].split("=", 2);
            host.variables.put(pair[0], pair[1]);
        }
        try (HikariDataSource pool = pool(arguments[0], Path.of(arguments[1]).toAbsolutePath().toString())) {
            try (Connection a = pool.getConnection(); Connection b = pool.getConnection()) {
                for (String line : Files.readAllLines(Path.of(arguments[2]))) {
                    if (line.isEmpty() || line.startsWith("#")) continue;
                    String[] fields = line.split("\t", 4);
                    host.step(fields[0].equals("a") ? a : b, fields[1], fields[2], fields[3]);
                }
            }
            host.crowd(pool);
        }
        System.out.println(host.passed + " passed, " + host.failed + " failed");
    }
}
