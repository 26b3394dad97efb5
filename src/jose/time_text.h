/*
** time_text.h - times as people read them.
*/
#ifndef JWT_TIME_TEXT_H
#define JWT_TIME_TEXT_H

#include "text.h"

/*
** Appends `seconds` since 1970 as RFC 3339 in UTC, "2026-01-01T00:00:00Z", a
** fraction dropped; as the plain number where the year is not 0 to 9999.
*/
void time_text_add(struct text *text, double seconds);

/* Appends a length of time by its two largest units: "3 d 4 h", "5 min", "less than 1 s". */
void time_text_add_duration(struct text *text, double seconds);

#endif
