# Host: Tcl's sqlite3. A parameter :name of a statement is the variable of that name. A statement must not begin
# with a hyphen, as a comment does: it would be an option. Tcl 8.6 has no characters beyond U+FFFF.
# What it is given and prints: tests/hosts/README.md.
package require sqlite3
fconfigure stdout -encoding utf-8

namespace eval variables {}
lassign $argv database extension scenario
foreach pair [lrange $argv 3 end] {
    regexp {^([^=]*)=(.*)$} $pair - name value
    set variables::$name $value
}
set passed 0
set failed 0

proc read_file {path} {
    set file [open $path]
    fconfigure $file -encoding utf-8
    set text [read $file]
    close $file
    return $text
}

foreach name {a b} {
    sqlite3 $name $database
    $name timeout 10000
    $name eval {PRAGMA journal_mode = WAL}
    $name enable_load_extension 1
    $name eval {SELECT load_extension($extension)}
    $name enable_load_extension 0
}

# The rows as lists; statements are run where the variables are.
proc query {connection text} {
    set ::rows {}
    set ::connection $connection
    set ::text $text
    namespace eval variables {
        $::connection eval "\n$::text" ::row {
            set ::cells {}
            foreach ::column $::row(*) { lappend ::cells $::row($::column) }
            lappend ::rows $::cells
        }
    }
    return $::rows
}

proc plain {rows} {
    set lines {}
    foreach row $rows { lappend lines [join $row |] }
    return [join $lines " / "]
}

proc judge {title found wanted} {
    if {$found eq $wanted} {
        incr ::passed
    } else {
        incr ::failed
        puts "FAILED: $title\n    found:  $found\n    wanted: $wanted"
    }
}

proc step {connection action value title} {
    set text $title
    if {[string index $title 0] eq "@"} { set text [read_file [string range $title 1 end]] }
    if {[string index $value 0] eq ":"} { set value [set variables::[string range $value 1 end]] }
    if {[catch {query $connection $text} rows]} {
        set fits [expr {$action eq "fails" && [string first $value $rows] >= 0}]
        judge $title "error: $rows" [expr {$fits ? "error: $rows" : $value}]
        return
    }
    switch $action {
        script { incr ::passed }
        keep {
            foreach name [split $value ,] cell [lindex $rows 0] {
                if {$name ne ""} { set variables::$name $cell }
            }
            judge $title [expr {[llength $rows] > 0}] 1
        }
        show { puts "$value: [plain $rows]" }
        default { judge $title [plain $rows] $value }
    }
}

foreach line [split [read_file $scenario] \n] {
    if {$line eq "" || [string index $line 0] eq "#"} continue
    set fields [split $line \t]
    step [lindex $fields 0] [lindex $fields 1] [lindex $fields 2] [lindex $fields 3]
}
a close
b close
puts "$passed passed, $failed failed"
