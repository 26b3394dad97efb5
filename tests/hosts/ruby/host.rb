# Host: Ruby's sqlite3. What it is given and prints: tests/hosts/README.md.
require 'sqlite3'

DATABASE, EXTENSION, SCENARIO = ARGV.shift(3)
PARAMETER = /'(?:[^']|'')*'|--[^\n]*|:([a-z_]\w*)/.freeze
$variables = ARGV.map { |pair| pair.split('=', 2) }.to_h
$passed = $failed = 0

def connect
  connection = SQLite3::Database.new(DATABASE)
  connection.busy_timeout(10_000)
  connection.execute('PRAGMA journal_mode = WAL')
  connection.enable_load_extension(true)
  connection.load_extension(EXTENSION)
  connection.enable_load_extension(false)
  connection
end

def query(connection, text)
  statement = connection.prepare(text)
  text.scan(PARAMETER).flatten.compact.uniq.each { |name| statement.bind_param(name, $variables[name]) }
  statement.execute.to_a
ensure
  statement&.close
end

def plain(rows)
  rows.map { |row| row.to_a.join('|') }.join(' / ')
end

def judge(title, found, wanted)
  return $passed += 1 if found == wanted

  $failed += 1
  puts "FAILED: #{title}\n    found:  #{found}\n    wanted: #{wanted}"
end

def step(connection, action, value, title)
  text = title.start_with?('@') ? File.read(title[1..], encoding: 'UTF-8') : title
  value = $variables[value[1..]] if value.start_with?(':')
  begin
    if action == 'script'
      connection.execute_batch(text)
      return judge(title, '', '')
    end
    rows = query(connection, text)
  rescue SQLite3::Exception => e
    found = "error: #{e.message}"
    return judge(title, found, action == 'fails' && found.include?(value) ? found : value)
  end
  case action
  when 'keep'
    value.split(',').each_with_index { |name, i| $variables[name] = rows.dig(0, i) }
    judge(title, rows.empty?, false)
  when 'show' then puts "#{value}: #{plain(rows)}"
  else judge(title, plain(rows), value)
  end
end

connections = { 'a' => connect, 'b' => connect }
File.foreach(SCENARIO, chomp: true, encoding: 'UTF-8') do |line|
  next if line.empty? || line.start_with?('#')

  name, action, value, text = line.split("\t", 4)
  step(connections[name], action, value, text)
end
connections.each_value(&:close)
puts "#{$passed} passed, #{$failed} failed"
