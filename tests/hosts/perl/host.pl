# Host: Perl's DBD::SQLite. What it is given and prints: tests/hosts/README.md.
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use DBI;
use Encode qw(decode);

my ($database, $extension, $scenario, @pairs) = map { decode('UTF-8', $_) } @ARGV;
my %variables = map { split /=/, $_, 2 } @pairs;
my ($passed, $failed) = (0, 0);

sub slurp {
    open my $file, '<:encoding(UTF-8)', shift or die $!;
    local $/;
    return scalar <$file>;
}

sub connect_database {
    my $connection = DBI->connect("dbi:SQLite:dbname=$database", '', '',
        { RaiseError => 1, PrintError => 0, sqlite_unicode => 1, sqlite_allow_multiple_statements => 1 });
    $connection->sqlite_busy_timeout(10000);
    $connection->do('PRAGMA journal_mode = WAL');
    $connection->sqlite_enable_load_extension(1);
    $connection->sqlite_load_extension($extension);
    $connection->sqlite_enable_load_extension(0);
    return $connection;
}

sub query {
    my ($connection, $text) = @_;
    my $statement = $connection->prepare($text);
    my %names;
    while ($text =~ /'(?:[^']|'')*'|--[^\n]*|:([a-z_]\w*)/g) { $names{$1} = 1 if defined $1 }
    $statement->bind_param(":$_", $variables{$_}) for keys %names;
    $statement->execute;
    return $statement->{NUM_OF_FIELDS} ? $statement->fetchall_arrayref : [];
}

sub plain {
    return join ' / ', map { join '|', map { $_ // '' } @$_ } @{ $_[0] };
}

sub judge {
    my ($title, $found, $wanted) = @_;
    if ($found eq $wanted) { $passed++; return }
    $failed++;
    print "FAILED: $title\n    found:  $found\n    wanted: $wanted\n";
}

sub step {
    my ($connection, $action, $value, $title) = @_;
    my $text = $title =~ /^@(.*)/ ? slurp($1) : $title;
    $value = $variables{$1} if $value =~ /^:(.*)/;
    my $rows = eval { $action eq 'script' ? do { $connection->do($text); [] } : query($connection, $text) };
    if (!$rows) {
        my $found = "error: $@";
        judge($title, $found, $action eq 'fails' && index($found, $value) >= 0 ? $found : $value);
    } elsif ($action eq 'script') {
        $passed++;
    } elsif ($action eq 'keep') {
        my @names = split /,/, $value;
        @variables{@names} = @{ $rows->[0] // [] }[0 .. $#names];
        judge($title, @$rows > 0, 1);
    } elsif ($action eq 'show') {
        print "$value: ", plain($rows), "\n";
    } else {
        judge($title, plain($rows), $value);
    }
}

my %connections = (a => connect_database(), b => connect_database());
for my $line (split /\n/, slurp($scenario)) {
    next if $line eq '' || $line =~ /^#/;
    my ($name, $action, $value, $text) = split /\t/, $line, 4;
    step($connections{$name}, $action, $value, $text);
}
$_->disconnect for values %connections;
print "$passed passed, $failed failed\n";
