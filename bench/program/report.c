/* The table that people read, the JSON that programs read, the chart. */
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

static bool target_met(const bench_result *result)
{
    return result->target_kind == TARGET_NONE || result->ratio.median <= result->target;
}

static const char *verdict_text(const bench_result *result)
{
    if (result->target_kind == TARGET_NONE) return "";
    return target_met(result) ? "met" : "not yet";
}

/* A time with the unit that reads best, in a buffer of the caller's of at least 32 bytes. */
static const char *time_text(char *out, double ns)
{
    static const struct {
        double from, ns;
        const char *unit;
    } units[] = { { 1e6, 1e6, "ms" }, { 1e4, 1e3, "us" }, { 0, 1, "ns" } };
    int i = 0;
    while (i < 2 && ns < units[i].from) i++;
    snprintf(out, 32, i == 2 ? "%.0f %s" : "%.1f %s", ns / units[i].ns, units[i].unit);
    return out;
}

static const char *target_text(char *out, const bench_result *result)
{
    char time[32];
    if (result->target_kind == TARGET_RATIO) snprintf(out, 32, "<= %.2f", result->target);
    if (result->target_kind == TARGET_NS)
        snprintf(out, 32, "<= %s", time_text(time, result->target));
    if (result->target_kind == TARGET_NONE) out[0] = '\0';
    return out;
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

void report_print(const bench_report *report)
{
    char processor[128], ours[32], limit[32], target[32];
    processor_name(processor, sizeof processor);
    printf("%s, processor %d, %s, SQLite %s\n", processor, report->cpu,
        OpenSSL_version(OPENSSL_VERSION), sqlite3_libversion());
    printf("Each row has a token of its own; ours is net of a function that does nothing with the "
           "same arguments.\nMedians of %d rounds, ours and the limit in turn; in brackets the "
           "quartiles.\n\n",
        report->rounds);
    printf("%-43s %-13s %9s %9s %7s %-20s %-9s\n", "what", "against", "limit", "ours", "ratio",
        "(quartiles)", "target");
    for (int i = 0; i < report->count; i++) {
        const bench_result *result = &report->results[i];
        char low[32], high[32], quartiles[80], ratio[32] = "";
        if (result->against) {
            snprintf(ratio, sizeof ratio, "%.3f", result->ratio.median);
            snprintf(
                quartiles, sizeof quartiles, "(%.3f-%.3f)", result->ratio.low, result->ratio.high);
        } else {
            snprintf(quartiles, sizeof quartiles, "(%s-%s)", time_text(low, result->ratio.low),
                time_text(high, result->ratio.high));
        }
        printf("%-43s %-13s %9s %9s %7s %-20s %-9s %s\n", result->name,
            result->against ? result->against : "",
            result->against ? time_text(limit, result->limit_ns) : "",
            time_text(ours, result->ours_ns), ratio, quartiles, target_text(target, result),
            verdict_text(result));
    }
    if (report->memory_tokens > 0) {
        printf("\nMemory over %lld distinct HS256 tokens in one query, resident (peak), KiB:\n"
               "  before %ld (%ld), after a tenth %ld, at the end %ld (%ld): grown by %ld\n",
            (long long)report->memory_tokens, report->memory_before.resident_kib,
            report->memory_before.peak_kib, report->memory_tenth.resident_kib,
            report->memory_end.resident_kib, report->memory_end.peak_kib,
            report->memory_end.peak_kib - report->memory_before.resident_kib);
    }
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

static FILE *open_to_write(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file) bench_fail("cannot write %s", path);
    return file;
}

static void json_result(FILE *file, const bench_result *result)
{
    fputs("    {\"what\": ", file);
    json_text(file, result->name);
    if (result->against) {
        fputs(", \"against\": ", file);
        json_text(file, result->against);
        fprintf(file, ", \"limit_ns\": %.1f, \"ours_ns\": %.1f, \"ratio\": %.4f", result->limit_ns,
            result->ours_ns, result->ratio.median);
        fprintf(file, ", \"ratio_quartiles\": [%.4f, %.4f]", result->ratio.low, result->ratio.high);
    } else {
        fprintf(file, ", \"ours_ns\": %.1f, \"ours_ns_quartiles\": [%.1f, %.1f]", result->ours_ns,
            result->ratio.low, result->ratio.high);
    }
    if (result->target_kind != TARGET_NONE) {
        fprintf(file, ", \"%s\": %g, \"met\": %s",
            result->target_kind == TARGET_NS ? "target_ns" : "target_ratio", result->target,
            target_met(result) ? "true" : "false");
    }
    fprintf(file, ", \"rows\": %d, \"rounds\": %d}", result->rows, result->rounds);
}

void report_write_json(const bench_report *report, const char *path)
{
    FILE *file = open_to_write(path);
    char processor[128];
    processor_name(processor, sizeof processor);
    fputs("{\n  \"processor\": ", file);
    json_text(file, processor);
    fputs(",\n  \"openssl\": ", file);
    json_text(file, OpenSSL_version(OPENSSL_VERSION));
    fprintf(file, ",\n  \"sqlite\": \"%s\",\n  \"clock\": \"processor time of the thread\",\n",
        sqlite3_libversion());
    fprintf(file,
        "  \"memory_kib\": {\"tokens\": %lld, \"before\": %ld, \"after_a_tenth\": %ld, "
        "\"end\": %ld, \"peak\": %ld},\n  \"results\": [\n",
        (long long)report->memory_tokens, report->memory_before.resident_kib,
        report->memory_tenth.resident_kib, report->memory_end.resident_kib,
        report->memory_end.peak_kib);
    for (int i = 0; i < report->count; i++) {
        json_result(file, &report->results[i]);
        fputs(i + 1 < report->count ? ",\n" : "\n", file);
    }
    fputs("  ]\n}\n", file);
    if (fclose(file) != 0) bench_fail("cannot write %s", path);
}

#define LABEL_WIDTH 300
#define BAR_WIDTH 380
#define ROW_HEIGHT 26
#define SCALE_MAX 3.0 /* ratios beyond it are cut off, and their bar says so by its figure */

static double bar_x(double ratio)
{
    return LABEL_WIDTH + BAR_WIDTH * (ratio < SCALE_MAX ? ratio : SCALE_MAX) / SCALE_MAX;
}

static void svg_row(FILE *file, const bench_result *result, int y)
{
    char limit[32], ours[32];
    const char *color = target_met(result) ? "#2b7a4b" : "#b5651d";
    fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", LABEL_WIDTH - 8,
        y + 14, result->name);
    fprintf(file, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\" fill=\"%s\"/>\n",
        LABEL_WIDTH, y + 2, bar_x(result->ratio.median) - LABEL_WIDTH, color);
    if (result->target_kind == TARGET_RATIO) {
        fprintf(file,
            "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#111\" "
            "stroke-width=\"2\"/>\n",
            bar_x(result->target), y, bar_x(result->target), y + 20);
    }
    fprintf(file, "<text x=\"%d\" y=\"%d\">%.2f &#215; %s (%s) = %s</text>\n",
        LABEL_WIDTH + BAR_WIDTH + 10, y + 14, result->ratio.median, result->against,
        time_text(limit, result->limit_ns), time_text(ours, result->ours_ns));
}

void report_write_svg(const bench_report *report, const char *path)
{
    FILE *file = open_to_write(path);
    int rows = 0, y = 64, bottom;
    for (int i = 0; i < report->count; i++) rows += report->results[i].against != NULL;
    bottom = y + rows * ROW_HEIGHT;
    fprintf(file,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\" height=\"%d\" "
        "viewBox=\"0 0 960 %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"960\" height=\"%d\" fill=\"#fff\"/>\n",
        bottom + 30, bottom + 30, bottom + 30);
    fputs("<text x=\"16\" y=\"24\" font-size=\"16\">What a call costs, as a multiple of its limit"
          "</text>\n<text x=\"16\" y=\"44\">Net of the row; distinct tokens; medians. Thin line: "
          "the limit. Thick mark: the target. Green: target met, or none set.</text>\n",
        file);
    for (int i = 0; i < report->count; i++) {
        if (!report->results[i].against) continue;
        svg_row(file, &report->results[i], y);
        y += ROW_HEIGHT;
    }
    fprintf(file, "<line x1=\"%.1f\" y1=\"58\" x2=\"%.1f\" y2=\"%d\" stroke=\"#888\"/>\n", bar_x(1),
        bar_x(1), bottom);
    for (int i = 0; i <= (int)SCALE_MAX; i++) {
        fprintf(file, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%d</text>\n",
            bar_x(i), bottom + 16, i);
    }
    fputs("</svg>\n", file);
    if (fclose(file) != 0) bench_fail("cannot write %s", path);
}
