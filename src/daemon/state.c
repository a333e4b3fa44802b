/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/* Owns the journal, and who has what in it. */
#include "daemon/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/str.h"
#include "io/journal.h"
#include "io/loop.h"
#include "rules/pack.h"
#include "actions/outbox.h"
#include "daemon/boxes.h"

/* A part in the store: a stamp, and what the part saved. */
#define STAMP_MARK UINT32_C(0x31736773) /* "sgs1" */

static const int64_t busy_ns = 10 * NSEC_PER_SEC, rarely_ns = 300 * NSEC_PER_SEC;

struct found {
	struct found *next;
	char *key;
	size_t len;
	unsigned char bytes[];
};

struct state {
	struct loop *loop;
	struct state_host host;
	struct journal *journal; /* NULL: there is none */
	struct boxes *boxes;
	struct state_part *parts;
	struct found *found;
	struct loop_timer *beat;
	struct mono rarely;	/* when the large parts are saved next */
	struct state_part gaps; /* its own */
	struct str gaps_saved;	/* as they were then */
	char boot_id[40];
	bool opened; /* state_open() is over: states are no longer taken from the store */
};

/* ---- what was found */

static void state_found_begin(void *arg, struct journal *journal)
{
	struct state *state = arg;

	state->journal = journal;
	boxes_set_journal(state->boxes, journal);
}

static void state_found_box(void *arg, const char *box, uint64_t last_seq)
{
	struct state *state = arg;

	boxes_found_box(state->boxes, box, last_seq);
}

static void state_found_message(void *arg, const struct journal_message *message)
{
	struct state *state = arg;

	boxes_found_message(state->boxes, message);
}

void state_forget_found(struct state *state)
{
	struct found *found;

	while ((found = state->found) != NULL) {
		state->found = found->next;
		free(found->key);
		free(found);
	}
}

/* ---- stamps: mark u32, boot id text, boot u64, wall u64, synchronised u8 */

static void stamp_add(const struct state *state, struct boot now, struct str *out)
{
	pack_add_u32(out, STAMP_MARK);
	pack_add_text(out, state->boot_id);
	pack_add_u64(out, (uint64_t)now.ns);
	pack_add_u64(out, (uint64_t)clock_wall().ns);
	pack_add_u8(out, clock_synchronised());
}

static int64_t stamp_outage(const struct state *state, struct pack *in)
{
	size_t len;
	const char *boot_id = pack_take_text(in, &len);
	int64_t boot = (int64_t)pack_take_u64(in), wall = (int64_t)pack_take_u64(in), ago;
	bool synchronised = pack_take_u8(in) != 0;

	if (in->bad)
		return -1;
	if (len > 0 && len == strlen(state->boot_id) &&
	    memcmp(boot_id, state->boot_id, len) == 0)
		ago = clock_boot().ns - boot;
	else if (synchronised && clock_synchronised())
		ago = clock_wall().ns - wall;
	else
		return -1;
	return ago >= 0 ? ago : -1;
}

/* What a part saved, without its stamp. False: it is none. */
static bool stamp_take(const struct state *state, const void *bytes, size_t len,
		       const void **ret, size_t *ret_len, int64_t *ret_outage_ns)
{
	const unsigned char *at = bytes;
	struct pack in = {.at = at, .end = at + len};

	if (pack_take_u32(&in) != STAMP_MARK)
		return false;
	*ret_outage_ns = stamp_outage(state, &in);
	*ret = in.at;
	*ret_len = (size_t)(in.end - in.at);
	return !in.bad;
}

static void state_found_late(struct state *state, const char *key, const void *bytes,
			     size_t len)
{
	int64_t outage_ns;

	if (!stamp_take(state, bytes, len, &bytes, &len, &outage_ns))
		return;
	if (strcmp(key, "gaps") == 0)
		boxes_load_gaps(state->boxes, bytes, len);
	else if (state->host.late != NULL)
		state->host.late(state->host.arg, key, bytes, len, outage_ns);
}

static void state_found_state(void *arg, const char *key, const void *bytes, size_t len)
{
	struct state *state = arg;
	struct found *found;

	if (state->opened) {
		state_found_late(state, key, bytes, len);
		return;
	}
	found = xcalloc(1, sizeof(*found) + len + 1);
	found->key = xstrdup(key);
	found->len = len;
	if (len > 0)
		memcpy(found->bytes, bytes, len);
	found->next = state->found;
	state->found = found;
}

bool state_found(const struct state *state, const char *key, const void **ret, size_t *ret_len,
		 int64_t *ret_outage_ns)
{
	const struct found *found = state->found;

	while (found != NULL && strcmp(found->key, key) != 0)
		found = found->next;
	return found != NULL &&
	       stamp_take(state, found->bytes, found->len, ret, ret_len, ret_outage_ns);
}

bool state_whole(const struct state *state)
{
	struct journal_report report;

	return state_report(state, &report) && report.problem == NULL && report.set_aside == 0;
}

void state_found_each(const struct state *state, const char *prefix,
		      void (*fn)(void *arg, const char *key, const void *bytes, size_t len),
		      void *arg)
{
	for (const struct found *found = state->found; found != NULL; found = found->next) {
		const void *bytes;
		int64_t outage_ns;
		size_t len;

		if (strncmp(found->key, prefix, strlen(prefix)) == 0 &&
		    stamp_take(state, found->bytes, found->len, &bytes, &len, &outage_ns))
			fn(arg, found->key, bytes, len);
	}
}

/* ---- saving */

static void state_save_part(struct state *state, struct state_part *part, struct boot now)
{
	struct str out;
	size_t stamp;

	str_init(&out);
	stamp_add(state, now, &out);
	stamp = out.len;
	part->save(part->arg, now, &out);
	if (out.len > JOURNAL_STATE_MAX)
		log_error("the state of %s takes %zu bytes, more than %d: it is not kept",
			  part->key, out.len, JOURNAL_STATE_MAX);
	else
		journal_put_state(state->journal, part->key, out.s,
				  out.len > stamp ? out.len : 0);
	str_done(&out);
	part->changed = false;
}

void state_put(struct state *state, const char *key, const void *bytes, size_t len)
{
	struct str out;

	str_init(&out);
	stamp_add(state, clock_boot(), &out);
	str_add(&out, bytes, len);
	journal_put_state(state->journal, key, out.s, out.len);
	str_done(&out);
}

/* Gaps come and go without an event: with answers of the store, and of receivers. */
static void state_look_at_gaps(struct state *state)
{
	struct str now;

	str_init(&now);
	boxes_save_gaps(state->boxes, &now);
	if (now.len != state->gaps_saved.len ||
	    (now.len > 0 && memcmp(now.s, state->gaps_saved.s, now.len) != 0))
		state->gaps.changed = true;
	str_done(&now);
}

static void state_collect(void *arg)
{
	struct state *state = arg;
	struct boot now = clock_boot();

	if (state->host.settle != NULL)
		state->host.settle(state->host.arg, now);
	state_look_at_gaps(state);
	for (struct state_part *part = state->parts; part != NULL; part = part->next) {
		if (part->changed)
			state_save_part(state, part, now);
	}
}

static void state_mark_changed(struct state *state, bool rarely)
{
	for (struct state_part *part = state->parts; part != NULL; part = part->next)
		part->changed |= rarely || !part->rarely;
}

void state_changed(struct state *state, bool at_once)
{
	if (state->journal == NULL)
		return;
	state_mark_changed(state, false);
	journal_commit(state->journal, at_once);
}

static void state_beat(void *arg)
{
	struct state *state = arg;
	struct mono now = clock_mono();
	bool rarely = now.ns >= state->rarely.ns;

	if (rarely)
		state->rarely = mono_add(now, rarely_ns);
	if (rarely || (state->host.busy != NULL && state->host.busy(state->host.arg))) {
		state_mark_changed(state, rarely);
		journal_commit(state->journal, false);
	}
	loop_timer_start(state->beat, mono_add(now, busy_ns));
}

static void state_committed(void *arg, uint64_t mark)
{
	struct state *state = arg;

	boxes_committed(state->boxes, mark);
}

static void state_trouble(void *arg, const char *problem)
{
	struct state *state = arg;

	if (state->host.trouble != NULL)
		state->host.trouble(state->host.arg, problem);
}

static void state_rebuilt(void *arg, const char *aside)
{
	struct state *state = arg;

	log_error("the store is gone%s%s: what is known is written anew",
		  aside != NULL ? ", it is now " : "", aside != NULL ? aside : "");
	boxes_rebuilt(state->boxes);
	if (state->host.rebuilt != NULL)
		state->host.rebuilt(state->host.arg, aside);
	state_mark_changed(state, true);
	journal_commit(state->journal, true);
}

static void state_save_gaps(void *arg, struct boot now, struct str *out)
{
	struct state *state = arg;

	(void)now;
	str_clear(&state->gaps_saved);
	boxes_save_gaps(state->boxes, &state->gaps_saved);
	str_add(out, state->gaps_saved.s != NULL ? state->gaps_saved.s : "",
		state->gaps_saved.len);
}

/* ---- its life */

static void state_load_gaps(struct state *state)
{
	const void *bytes;
	int64_t outage_ns;
	size_t len;

	if (state_found(state, "gaps", &bytes, &len, &outage_ns))
		boxes_load_gaps(state->boxes, bytes, len);
}

static bool state_open_journal(struct state *state, const struct state_config *config,
			       struct error *err)
{
	struct journal_host host = {state_collect, state_committed, state_trouble,
				    state_rebuilt, state};
	struct journal_found found = {state_found_begin, state_found_state, state_found_box,
				      state_found_message, state};
	struct journal_config journal = {.directory = config->directory,
					 .max_bytes = config->max_bytes};

	state->journal = journal_open(state->loop, &journal, &host, &found, err);
	if (state->journal == NULL)
		return false;
	boxes_set_journal(state->boxes, state->journal);
	return true;
}

static void state_begin(struct state *state)
{
	state_load_gaps(state);
	boxes_save_gaps(state->boxes, &state->gaps_saved);
	state->gaps = (struct state_part){.key = "gaps", .save = state_save_gaps, .arg = state};
	state_add(state, &state->gaps);
	state->beat = loop_timer_new(state->loop, state_beat, state);
	state->rarely = mono_add(clock_mono(), rarely_ns);
	loop_timer_start(state->beat, mono_add(clock_mono(), busy_ns));
}

struct state *state_open(struct loop *loop, const struct state_config *config,
			 const struct state_host *host, struct error *err)
{
	struct state *state = xcalloc(1, sizeof(*state));

	state->loop = loop;
	state->host = *host;
	state->boxes = boxes_new();
	str_init(&state->gaps_saved);
	strncat(state->boot_id, config->boot_id, sizeof(state->boot_id) - 1);
	if (config->directory != NULL && !state_open_journal(state, config, err)) {
		boxes_free(state->boxes);
		free(state);
		return NULL;
	}
	if (state->journal != NULL)
		state_begin(state);
	state->opened = true;
	return state;
}

void state_stop(struct state *state, struct mono deadline)
{
	struct journal *journal = state->journal;

	if (journal == NULL)
		return;
	state_mark_changed(state, true);
	journal_commit(journal, true);
	if (!journal_close(journal, deadline))
		log_error("not all of the state could be saved; what was not is lost");
	state->journal = NULL;
	boxes_set_journal(state->boxes, NULL);
	loop_timer_stop(state->beat);
}

void state_free(struct state *state)
{
	if (state == NULL)
		return;
	state_stop(state, clock_mono());
	loop_timer_free(state->beat);
	state_forget_found(state);
	str_done(&state->gaps_saved);
	boxes_free(state->boxes);
	free(state);
}

struct boxes *state_boxes(const struct state *state)
{
	return state->boxes;
}

void state_add(struct state *state, struct state_part *part)
{
	part->next = state->parts;
	state->parts = part;
}

void state_history(struct state *state, struct wall at, const char *rule, const char *line,
		   size_t len)
{
	if (state->journal != NULL)
		journal_put_history(state->journal, at, rule, line, len);
}

bool state_past(struct state *state, const char *rule, size_t limit,
		const struct journal_past *past)
{
	if (state->journal != NULL)
		journal_history(state->journal, rule, limit, past);
	return state->journal != NULL;
}

bool state_fetch(struct state *state, const char *box, const uint64_t *seqs, size_t count,
		 const struct journal_fetch *fetch)
{
	if (state->journal != NULL)
		journal_fetch(state->journal, box, seqs, count, fetch);
	return state->journal != NULL;
}

void state_forget(struct state *state, const void *arg)
{
	if (state->journal != NULL)
		journal_forget(state->journal, arg);
}

bool state_report(const struct state *state, struct journal_report *ret)
{
	if (state->journal != NULL)
		journal_report(state->journal, ret);
	return state->journal != NULL;
}

size_t state_pending(const struct state *state)
{
	struct journal_report report;
	const struct outbox *outbox;
	const char *name;
	size_t waiting = 0;

	if (state->journal != NULL) {
		journal_report(state->journal, &report);
		return report.pending;
	}
	for (size_t i = 0; (outbox = boxes_at(state->boxes, i, &name)) != NULL; i++) {
		struct outbox_report box;

		outbox_report(outbox, &box);
		waiting += box.waiting;
	}
	return waiting;
}

bool state_stuck(const struct state *state, struct mono now, int64_t limit_ns)
{
	return state->journal != NULL && journal_stuck(state->journal, now, limit_ns);
}

bool state_alive(void *state)
{
	return !state_stuck(state, clock_mono(), STATE_STUCK_NS);
}
