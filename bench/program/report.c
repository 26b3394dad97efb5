/* What was measured, one JSON object a line: bench/report/report.py makes the table and charts of it. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

bench_result *report_add(bench_report *report)
{
    if (report->count == report->capacity) {
        report->capacity = report->capacity ? 2 * report->capacity : 32;
        report->results =
            realloc(report->results, (size_t)report->capacity * sizeof report->results[0]);
        if (!report->results) bench_fail("out of memory");
    }
    bench_result *result = &report->results[report->count++];
    memset(result, 0, sizeof *result);
    return result;
}

/* The processor's name; "unknown" where the kernel does not say. */
static void processor_name(char *out, size_t size)
{
    char line[256];
    FILE *info = fopen("/proc/cpuinfo", "r");
    snprintf(out, size, "unknown");
    while (info && fgets(line, sizeof line, info)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value) continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(out, size, "%s", value + 2);
        break;
    }
    if (info) fclose(info);
}

/* Writes a text that this program or the processor's maker chose: quotes are all that could hurt. */
static void json_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', file);
        if ((unsigned char)*text >= 0x20) fputc(*text, file);
    }
    fputc('"', file);
}

void report_append_row(FILE *file, const bench_result *result)
{
    static const char *const targets[] = { "none", "ratio", "ns" };
    fputs("{\"group\": ", file);
    json_text(file, result->group);
    fputs(", \"name\": ", file);
    json_text(file, result->name);
    fputs(", \"against\": ", file);
    if (result->against) {
        json_text(file, result->against);
        fprintf(file, ", \"limit_ns\": %.1f", result->limit_ns);
    } else {
        fputs("null, \"limit_ns\": null", file);
    }
    fprintf(file,
        ", \"ours_ns\": %.1f, \"ratio\": {\"median\": %.4f, \"low\": %.4f, \"high\": %.4f}"
        ", \"target_kind\": \"%s\", \"target\": %g, \"rows\": %d, \"rounds\": %d}\n",
        result->ours_ns, result->ratio.median, result->ratio.low, result->ratio.high,
        targets[result->target_kind], result->target, result->rows, result->rounds);
}

void report_append(const bench_report *report, const char *path)
{
    char processor[128];
    FILE *file = fopen(path, "a");
    if (!file) bench_fail("cannot write %s", path);
    processor_name(processor, sizeof processor);
    fputs("{\"machine\": {\"processor\": ", file);
    json_text(file, processor);
    fputs(", \"openssl\": ", file);
    json_text(file, OpenSSL_version(OPENSSL_VERSION));
    fprintf(file, ", \"sqlite\": \"%s\", \"clock\": \"processor time of the thread\"}}\n",
        sqlite3_libversion());
    for (int i = 0; i < report->count; i++) report_append_row(file, &report->results[i]);
    if (report->memory_tokens > 0) {
        fprintf(file,
            "{\"memory_kib\": {\"tokens\": %lld, \"before\": %ld, \"after_a_tenth\": %ld, "
            "\"end\": %ld, \"peak\": %ld}}\n",
            (long long)report->memory_tokens, report->memory_before.resident_kib,
            report->memory_tenth.resident_kib, report->memory_end.resident_kib,
            report->memory_end.peak_kib);
    }
    if (fclose(file) != 0) bench_fail("cannot write %s", path);
}
