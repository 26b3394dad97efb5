<?php
// Host: PHP's SQLite3. It loads by file name, from php.ini's sqlite3.extension_dir.
// What it is given and prints: tests/hosts/README.md.
[, $database, $extension, $scenario] = $argv;
$variables = [];
foreach (array_slice($argv, 4) as $pair) {
    [$name, $value] = explode('=', $pair, 2);
    $variables[$name] = $value;
}
$passed = $failed = 0;

function connect(): SQLite3
{
    global $database, $extension;
    $connection = new SQLite3($database);
    $connection->enableExceptions(true);
    $connection->busyTimeout(10000);
    $connection->exec('PRAGMA journal_mode = WAL');
    $connection->loadExtension(basename($extension) . '.so');
    return $connection;
}

function query(SQLite3 $connection, string $text): array
{
    global $variables;
    $statement = $connection->prepare($text);
    preg_match_all("/'(?:[^']|'')*'|--[^\\n]*|:([a-z_]\\w*)/", $text, $matches);
    foreach (array_filter($matches[1]) as $name) {
        $statement->bindValue(":$name", $variables[$name] ?? null);
    }
    // execute() runs the statement, and fetchArray() runs it once more: what the first run of an
    // INSERT ... RETURNING wrote has to go before the second.
    $twice = !$statement->readOnly() && preg_match('/\bRETURNING\b/', $text);
    if ($twice) {
        $connection->exec('SAVEPOINT once');
    }
    $result = $statement->execute();
    if ($twice) {
        $connection->exec('ROLLBACK TO once');
    }
    $rows = [];
    // Nor may rows be asked for where there are none.
    while ($result->numColumns() > 0 && ($row = $result->fetchArray(SQLITE3_NUM)) !== false) {
        $rows[] = $row;
    }
    $result->finalize();
    if ($twice) {
        $connection->exec('RELEASE once');
    }
    return $rows;
}

function plain(array $rows): string
{
    return implode(' / ', array_map(fn($row) => implode('|', $row), $rows));
}

function judge(string $title, $found, $wanted): void
{
    global $passed, $failed;
    if ($found === $wanted) {
        $passed++;
        return;
    }
    $failed++;
    echo "FAILED: $title\n    found:  $found\n    wanted: $wanted\n";
}

function step(SQLite3 $connection, string $action, string $value, string $title): void
{
    global $variables;
    $text = $title[0] === '@' ? file_get_contents(substr($title, 1)) : $title;
    if (str_starts_with($value, ':')) {
        $value = $variables[substr($value, 1)];
    }
    try {
        if ($action === 'script') {
            $connection->exec($text);
            judge($title, '', '');
            return;
        }
        $rows = query($connection, $text);
    } catch (Exception $error) {
        $found = 'error: ' . $error->getMessage();
        judge($title, $found, $action === 'fails' && str_contains($found, $value) ? $found : $value);
        return;
    }
    if ($action === 'keep') {
        foreach (explode(',', $value) as $i => $name) {
            $variables[$name] = $rows[0][$i] ?? null;
        }
        judge($title, count($rows) > 0, true);
    } elseif ($action === 'show') {
        echo "$value: ", plain($rows), "\n";
    } else {
        judge($title, plain($rows), $value);
    }
}

$connections = ['a' => connect(), 'b' => connect()];
foreach (file($scenario, FILE_IGNORE_NEW_LINES) as $line) {
    if ($line !== '' && $line[0] !== '#') {
        [$name, $action, $value, $text] = explode("\t", $line, 4);
        step($connections[$name], $action, $value, $text);
    }
}
$connections['a']->close();
$connections['b']->close();
echo "$passed passed, $failed failed\n";
