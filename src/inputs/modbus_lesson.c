/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the present plan of a bus, and how it changes by what devices refuse. */
#include "inputs/modbus_lesson.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "io/modbus_pdu.h"

enum { FUNCTIONS = 4, REFUSALS_MOST = 200, TASTES = 2 };

static const int64_t retry_ns = 24 * 3600 * NSEC_PER_SEC, reconnect_ns = 3600 * NSEC_PER_SEC;
static const int64_t pause_first_ns = NSEC_PER_SEC, pause_most_ns = 60 * NSEC_PER_SEC;

/* Why items before and behind a border are not read by one request. */
enum cut {
	CUT_NONE,   /* but by the plan, perhaps */
	CUT_HOLE,   /* there is a hole, and it is refused */
	CUT_PARTS,  /* together they are refused, and each of them is not */
	CUT_SEARCH, /* for the time being: one of them is refused, and it is not known which */
	CUT_ABSENT, /* one of them is refused by itself */
};

/* What is known of one item, as the one behind a border and as the first one of a span. */
struct note {
	uint8_t cut;	 /* enum cut; of the border */
	bool tried;	 /* the border: joined on trial, and not answered yet */
	bool told;	 /* the border: the log knows that it is cut */
	bool trial;	 /* the span: there is a border inside that was joined on trial */
	bool open;	 /* the span: see modbus_lessons_open() */
	uint8_t refused; /* the span: how often, by itself, in a row */
	/*
	 * The span: 0, or how often all of it got no answer (odd: its first place is asked
	 * next) and its first place did.
	 */
	uint8_t silence;
	struct mono again; /* the border: when it is joined on trial, CUT_HOLE and CUT_PARTS */
};

/* Of one device and function. */
struct amount {
	unsigned most;	 /* asked for in one request */
	unsigned proven; /* answered in one request */
};

struct modbus_lessons {
	const struct modbus_item *items;
	size_t count;
	struct note *notes;	   /* by item */
	struct modbus_span *spans; /* by the first item */
	struct amount *amounts;	   /* by device, and function - 1 */
};

static struct amount *amount_of(const struct modbus_lessons *lessons,
				const struct modbus_item *item)
{
	return &lessons->amounts[item->device * FUNCTIONS + item->function - 1];
}

static size_t span_end(const struct modbus_span *span)
{
	return span->first + span->items;
}

/* How many items the first request of the span would have at least: those at one place. */
static size_t place_items(const struct modbus_item *items, const struct modbus_span *span)
{
	struct modbus_span place = modbus_plan_begin(items, span->first);

	while (place.items < span->items && modbus_plan_same_place(items, &place))
		place.items++;
	return place.items;
}

static bool one_place(const struct modbus_lessons *lessons, const struct modbus_span *span)
{
	return place_items(lessons->items, span) == span->items;
}

/* Plans the items from first to before end anew, both of which are borders of spans. */
static void replan(struct modbus_lessons *lessons, size_t first, size_t end)
{
	struct note *notes = lessons->notes;

	for (size_t i = first; i < end;) {
		struct modbus_span span = modbus_plan_begin(lessons->items, i);
		unsigned most = amount_of(lessons, &lessons->items[i])->most;
		bool was = lessons->spans[i].items > 0;
		bool open = was && notes[i].open, trial = false;

		while (span_end(&span) < end && notes[span_end(&span)].cut == CUT_NONE &&
		       modbus_plan_join(lessons->items, lessons->count, &span, most)) {
			size_t next = span_end(&span) - 1;

			open = open || (lessons->spans[next].items > 0 && notes[next].open);
			trial = trial || notes[next].tried;
			lessons->spans[next].items = 0;
		}
		if (!was || lessons->spans[i].items != span.items)
			notes[i].silence = notes[i].refused = 0;
		notes[i].open = open;
		notes[i].trial = trial;
		lessons->spans[i] = span;
		i += span.items;
	}
}

struct modbus_lessons *modbus_lessons_new(const struct modbus_item *items, size_t count,
					  size_t devices)
{
	struct modbus_lessons *lessons = xcalloc(1, sizeof(*lessons));

	lessons->items = items;
	lessons->count = count;
	lessons->notes = xcalloc(count, sizeof(*lessons->notes));
	lessons->spans = xcalloc(count, sizeof(*lessons->spans));
	lessons->amounts = xcalloc(devices * FUNCTIONS, sizeof(*lessons->amounts));
	for (size_t i = 0; i < count; i++)
		amount_of(lessons, &items[i])->most =
			modbus_plan_most(items[i].limits, items[i].function);
	replan(lessons, 0, count);
	return lessons;
}

void modbus_lessons_free(struct modbus_lessons *lessons)
{
	if (lessons == NULL)
		return;
	free(lessons->notes);
	free(lessons->spans);
	free(lessons->amounts);
	free(lessons);
}

const struct modbus_span *modbus_lessons_span(const struct modbus_lessons *lessons,
					      size_t first)
{
	return &lessons->spans[first];
}

size_t modbus_lessons_first(const struct modbus_lessons *lessons, size_t item)
{
	while (lessons->spans[item].items == 0)
		item--;
	return item;
}

size_t modbus_lessons_ask(const struct modbus_lessons *lessons, size_t first)
{
	const struct modbus_span *span = &lessons->spans[first];

	return lessons->notes[first].silence % 2 == 0 ? span->items
						      : place_items(lessons->items, span);
}

bool modbus_lessons_open(const struct modbus_lessons *lessons, size_t first)
{
	return lessons->notes[first].open;
}

int64_t modbus_lessons_pause(const struct modbus_lessons *lessons, size_t first)
{
	int64_t pause = pause_first_ns;

	if (lessons->notes[first].refused == 0)
		return 0;
	for (uint8_t i = 1; i < lessons->notes[first].refused && pause < pause_most_ns; i++)
		pause *= 2;
	return pause < pause_most_ns ? pause : pause_most_ns;
}

size_t modbus_lessons_absent(const struct modbus_lessons *lessons, uint32_t device)
{
	size_t absent = 0;

	for (size_t i = 0; i < lessons->count; i += lessons->spans[i].items)
		absent += lessons->spans[i].device == device && lessons->notes[i].refused > 0;
	return absent;
}

static void changed(struct modbus_lesson *ret, enum modbus_lesson_kind kind, size_t first,
		    size_t end)
{
	ret->kind = kind;
	ret->first = first;
	ret->end = end;
}

/* The border is cut for a day. True if that is news. */
static bool cut(struct modbus_lessons *lessons, size_t border, bool hole, struct mono now)
{
	struct note *note = &lessons->notes[border];
	bool news = !note->told;

	note->cut = hole ? CUT_HOLE : CUT_PARTS;
	note->tried = false;
	note->told = true;
	note->again = mono_add(now, retry_ns);
	return news;
}

/*
 * Cuts the span where it was joined on trial, or else at its holes; false if there is no such
 * border.
 */
static bool cut_all(struct modbus_lessons *lessons, size_t first, bool tried, struct mono now,
		    struct modbus_lesson *ret)
{
	const struct modbus_item *items = lessons->items;
	size_t last = span_end(&lessons->spans[first]);
	int end = items[first].address + items[first].count;
	bool any = false;

	for (size_t i = first + 1; i < last; i++) {
		bool hole = items[i].address > end;

		if (items[i].address + items[i].count > end)
			end = items[i].address + items[i].count;
		if (tried ? !lessons->notes[i].tried : !hole)
			continue;
		ret->news = cut(lessons, i, hole, now) || ret->news;
		any = true;
	}
	if (!any)
		return false;
	replan(lessons, first, last);
	changed(ret, tried ? MODBUS_LESSON_PARTS : MODBUS_LESSON_HOLES, first, last);
	return true;
}

/* From now on the device is asked for at most so much by the function of the span. */
static void lower(struct modbus_lessons *lessons, size_t first, struct modbus_lesson *ret)
{
	const struct modbus_item *items = lessons->items, *item = &items[first];
	struct amount *amount = amount_of(lessons, item);
	unsigned half = lessons->spans[first].count / 2;
	size_t end = first;

	amount->most = half > amount->proven ? half : amount->proven;
	while (first > 0 && items[first - 1].device == item->device &&
	       items[first - 1].function == item->function)
		first--;
	while (end < lessons->count && items[end].device == item->device &&
	       items[end].function == item->function)
		end++;
	replan(lessons, first, end);
	changed(ret, MODBUS_LESSON_COUNT, first, end);
	ret->news = true;
	ret->most = amount->most;
}

/* The border between two places that is nearest to the middle of the span. */
static size_t middle(const struct modbus_lessons *lessons, const struct modbus_span *span)
{
	size_t best = span_end(span), half = span->first + span->items / 2, from = span->first;

	while (from < span_end(span)) {
		struct modbus_span rest = *span;
		size_t away, best_away = best > half ? best - half : half - best;

		rest.first = from;
		rest.items = span_end(span) - from;
		from += place_items(lessons->items, &rest);
		away = from > half ? from - half : half - from;
		if (from < span_end(span) && away < best_away)
			best = from;
	}
	return best;
}

static void search(struct modbus_lessons *lessons, size_t first, struct modbus_lesson *ret)
{
	const struct modbus_span span = lessons->spans[first];
	size_t border = middle(lessons, &span);

	ret->news = !lessons->notes[first].open;
	lessons->notes[border].cut = CUT_SEARCH;
	replan(lessons, first, span_end(&span));
	for (size_t i = first; i < span_end(&span); i += lessons->spans[i].items)
		lessons->notes[i].open = true;
	changed(ret, MODBUS_LESSON_SEARCH, first, span_end(&span));
}

/* Borders of the search's parts, whose outermost are first and end, become what they are. */
static bool conclude(struct modbus_lessons *lessons, size_t first, size_t end, bool absent,
		     struct mono now)
{
	bool news = false;

	for (size_t i = first, next; i < end; i = next) {
		struct note *note;

		next = span_end(&lessons->spans[i]);
		note = &lessons->notes[next];
		if (next == end)
			break;
		if (lessons->notes[i].refused > 0 || note->refused > 0) {
			note->cut = CUT_ABSENT;
		} else if (absent) {
			note->cut = CUT_NONE;
			note->tried = true;
		} else {
			news = cut(lessons, next, false, now) || news;
		}
	}
	return news;
}

/* If the last part of a search is known, its result. */
static void settle(struct modbus_lessons *lessons, size_t first, struct mono now,
		   struct modbus_lesson *ret)
{
	const struct note *notes = lessons->notes;
	size_t end = first;
	bool absent = false;

	while (notes[first].cut == CUT_SEARCH)
		first = modbus_lessons_first(lessons, first - 1);
	do {
		end += lessons->spans[end].items;
	} while (end < lessons->count && notes[end].cut == CUT_SEARCH);
	for (size_t i = first; i < end; i += lessons->spans[i].items) {
		if (notes[i].open)
			return;
		absent = absent || notes[i].refused > 0;
	}
	/* Nothing is left to be joined or told apart. */
	if (end == span_end(&lessons->spans[first])) {
		ret->news = absent;
		return;
	}
	ret->news = conclude(lessons, first, end, absent, now) || absent;
	replan(lessons, first, end);
	changed(ret, absent ? MODBUS_LESSON_ABSENT : MODBUS_LESSON_PARTS, first, end);
	ret->from = first;
	ret->to = end;
}

/* Nothing more can be done about the span than to ask more rarely. */
static void refused_alone(struct modbus_lessons *lessons, size_t first, struct mono now,
			  struct modbus_lesson *ret)
{
	struct note *note = &lessons->notes[first];
	size_t end = span_end(&lessons->spans[first]);
	bool was_open = note->open;

	note->open = false;
	if (note->refused < REFUSALS_MOST)
		note->refused++;
	/* What kept it apart is explained. */
	if (note->cut == CUT_PARTS)
		note->cut = CUT_ABSENT;
	if (end < lessons->count && lessons->notes[end].cut == CUT_PARTS)
		lessons->notes[end].cut = CUT_ABSENT;
	ret->kind = MODBUS_LESSON_ABSENT;
	ret->news = note->refused == 1 && !was_open;
	ret->from = first;
	ret->to = end;
	if (was_open)
		settle(lessons, first, now, ret);
}

void modbus_lessons_refused(struct modbus_lessons *lessons, size_t first, uint8_t exception,
			    struct mono now, struct modbus_lesson *ret)
{
	const struct modbus_span *span = &lessons->spans[first];

	*ret = (struct modbus_lesson){0};
	if (exception < MODBUS_ILLEGAL_FUNCTION || exception > MODBUS_DEVICE_FAILURE)
		return;
	lessons->notes[first].silence = 0;
	if (cut_all(lessons, first, true, now, ret) || cut_all(lessons, first, false, now, ret))
		return;
	if (exception == MODBUS_DEVICE_FAILURE)
		return;
	if (exception == MODBUS_ILLEGAL_FUNCTION || one_place(lessons, span))
		refused_alone(lessons, first, now, ret);
	else if (exception == MODBUS_ILLEGAL_VALUE &&
		 span->count > amount_of(lessons, &lessons->items[first])->proven)
		lower(lessons, first, ret);
	else
		search(lessons, first, ret);
}

/* The span is answered: whatever was joined inside of it may be. True if that is news. */
static bool prove(struct modbus_lessons *lessons, size_t first)
{
	bool news = false;

	for (size_t i = first + 1; i < span_end(&lessons->spans[first]); i++) {
		struct note *note = &lessons->notes[i];

		news = news || (note->tried && note->told);
		note->tried = note->told = false;
	}
	lessons->notes[first].trial = false;
	return news;
}

/* Joins the span on trial with its neighbours, from which only it was cut off. */
static void rejoin(struct modbus_lessons *lessons, size_t first, struct modbus_lesson *ret)
{
	struct note *notes = lessons->notes;
	size_t end = span_end(&lessons->spans[first]), from = first, to = end;

	if (notes[first].cut == CUT_ABSENT) {
		from = modbus_lessons_first(lessons, first - 1);
		if (notes[from].refused > 0)
			from = first;
	}
	if (end < lessons->count && notes[end].cut == CUT_ABSENT && notes[end].refused == 0)
		to = span_end(&lessons->spans[end]);
	if (from < first) {
		notes[first].cut = CUT_NONE;
		notes[first].tried = true;
	}
	if (to > end) {
		notes[end].cut = CUT_NONE;
		notes[end].tried = true;
	}
	replan(lessons, from, to);
	changed(ret, MODBUS_LESSON_GIVEN, from, to);
}

void modbus_lessons_answered(struct modbus_lessons *lessons, size_t first, struct mono now,
			     struct modbus_lesson *ret)
{
	struct note *note = &lessons->notes[first];
	struct amount *amount = amount_of(lessons, &lessons->items[first]);

	*ret = (struct modbus_lesson){0};
	if (lessons->spans[first].count > amount->proven)
		amount->proven = lessons->spans[first].count;
	note->silence = 0;
	if (note->trial && prove(lessons, first)) {
		changed(ret, MODBUS_LESSON_JOINED, first, first);
		ret->news = true;
	}
	if (note->refused > 0) {
		note->refused = 0;
		rejoin(lessons, first, ret);
		ret->news = true;
	}
	if (note->open) {
		note->open = false;
		settle(lessons, first, now, ret);
	}
}

void modbus_lessons_silent(struct modbus_lessons *lessons, size_t first)
{
	struct note *note = &lessons->notes[first];
	const struct modbus_span *span = &lessons->spans[first];

	if (note->silence % 2 == 0 &&
	    span->count > amount_of(lessons, &lessons->items[first])->proven &&
	    !one_place(lessons, span))
		note->silence++;
}

void modbus_lessons_tasted(struct modbus_lessons *lessons, size_t first, bool answered,
			   struct modbus_lesson *ret)
{
	struct note *note = &lessons->notes[first];
	struct amount *amount = amount_of(lessons, &lessons->items[first]);

	*ret = (struct modbus_lesson){0};
	if (!answered) {
		note->silence = 0;
		return;
	}
	if (lessons->items[first].count > amount->proven)
		amount->proven = lessons->items[first].count;
	note->silence++;
	/* Two rounds, so that a disturbance does not count. */
	if (note->silence == 2 * TASTES)
		lower(lessons, first, ret);
}

/* Whether the spans that meet at the border would be one, were it not cut. */
static bool joinable(const struct modbus_lessons *lessons, size_t first, size_t border)
{
	struct modbus_span span = lessons->spans[first];
	size_t end = span_end(&lessons->spans[border]);
	unsigned most = amount_of(lessons, &lessons->items[first])->most;

	while (span_end(&span) < end &&
	       modbus_plan_join(lessons->items, lessons->count, &span, most))
		continue;
	return span_end(&span) == end;
}

void modbus_lessons_retry(struct modbus_lessons *lessons, size_t first, struct mono now,
			  struct modbus_lesson *ret)
{
	struct note *notes = lessons->notes;
	size_t border = span_end(&lessons->spans[first]);

	*ret = (struct modbus_lesson){0};
	if (border == lessons->count ||
	    (notes[border].cut != CUT_HOLE && notes[border].cut != CUT_PARTS) ||
	    notes[border].again.ns > now.ns || notes[first].open || notes[border].open ||
	    notes[first].refused > 0 || notes[border].refused > 0)
		return;
	notes[border].again = mono_add(now, retry_ns);
	if (!joinable(lessons, first, border))
		return;
	notes[border].cut = CUT_NONE;
	notes[border].tried = true;
	ret->end = span_end(&lessons->spans[border]);
	replan(lessons, first, ret->end);
	changed(ret, MODBUS_LESSON_JOINED, first, ret->end);
}

void modbus_lessons_reconnected(struct modbus_lessons *lessons, struct mono now)
{
	for (size_t i = 0; i < lessons->count; i++) {
		struct note *note = &lessons->notes[i];

		if ((note->cut == CUT_HOLE || note->cut == CUT_PARTS) &&
		    mono_diff(note->again, now) <= retry_ns - reconnect_ns)
			note->again = now;
	}
}

static bool item_equal(const struct modbus_item *a, const struct modbus_item *b)
{
	return a->function == b->function && a->address == b->address && a->count == b->count &&
	       a->exclusive == b->exclusive && a->interval_ns == b->interval_ns &&
	       a->limits->max_registers == b->limits->max_registers &&
	       a->limits->max_bits == b->limits->max_bits &&
	       a->limits->max_hole == b->limits->max_hole;
}

/* The items of one device stand together. */
static size_t device_items(const struct modbus_lessons *lessons, uint32_t device,
			   size_t *ret_first)
{
	size_t first = 0, end;

	while (first < lessons->count && lessons->items[first].device != device)
		first++;
	for (end = first; end < lessons->count && lessons->items[end].device == device; end++)
		continue;
	*ret_first = first;
	return end - first;
}

bool modbus_lessons_adopt(struct modbus_lessons *lessons, uint32_t device,
			  const struct modbus_lessons *old, uint32_t from)
{
	size_t first, old_first, count = device_items(lessons, device, &first);

	if (device_items(old, from, &old_first) != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!item_equal(&lessons->items[first + i], &old->items[old_first + i]))
			return false;
	}
	for (size_t i = 0; i < count; i++) {
		lessons->notes[first + i] = old->notes[old_first + i];
		lessons->spans[first + i] = old->spans[old_first + i];
		lessons->spans[first + i].first = first + i;
		lessons->spans[first + i].device = device;
	}
	memcpy(&lessons->amounts[device * FUNCTIONS], &old->amounts[from * FUNCTIONS],
	       FUNCTIONS * sizeof(*lessons->amounts));
	return true;
}
