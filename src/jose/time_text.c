/*
** time_text.c - see time_text.h.
*/
#include "time_text.h"

#include <math.h>
#include <stdio.h>

#define SECONDS_A_DAY 86400
#define YEAR_0 (-62167219200.0) /* 0000-01-01T00:00:00Z */
#define YEAR_10000 253402300800.0

/*
** Day, month and year of a day count since 1970 in the proleptic Gregorian
** calendar: years that begin in March put the leap day last.
*/
static void civil_date(long long days, int *year, int *month, int *day)
{
    long long shifted = days + 719468; /* since 0000-03-01 */
    long long era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    long long day_of_era = shifted - era * 146097;
    long long year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    long long day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    long long shifted_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

void time_text_add(struct text *text, double seconds)
{
    char buffer[64];
    if (!(seconds >= YEAR_0 && seconds < YEAR_10000)) {
        snprintf(buffer, sizeof buffer, "%.0f", seconds);
        text_add_string(text, buffer);
        return;
    }
    long long whole = (long long)floor(seconds);
    long long days = whole / SECONDS_A_DAY;
    long long rest = whole % SECONDS_A_DAY;
    int year;
    int month;
    int day;
    if (rest < 0) {
        rest += SECONDS_A_DAY;
        days--;
    }
    civil_date(days, &year, &month, &day);
    snprintf(buffer, sizeof buffer, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day,
        (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    text_add_string(text, buffer);
}

void time_text_add_duration(struct text *text, double seconds)
{
    static const struct {
        double seconds;
        const char *name;
    } units[] = { { 31536000, " y" }, { 86400, " d" }, { 3600, " h" }, { 60, " min" },
        { 1, " s" } };
    int shown = 0;
    if (!(seconds >= 1)) {
        text_add_string(text, "less than 1 s");
        return;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units && shown < 2; i++) {
        double count = floor(seconds / units[i].seconds);
        seconds -= count * units[i].seconds;
        if (count < 1 && shown == 0) continue;
        shown++;
        if (count < 1) continue;
        if (shown == 2) text_add_string(text, " ");
        text_add_integer(text, (long long)count);
        text_add_string(text, units[i].name);
    }
}
