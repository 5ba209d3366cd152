/*
 * The image protocol (docs/subjects.md) for adapters in C: include this file, write translate(), call serve().
 * Numbers are little-endian on the wire; so are the machines that this is for.
 */
#ifndef ROXCHECK_PROTOCOL_H
#define ROXCHECK_PROTOCOL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROX_MAGIC 0x49584f52u
#define ROX_VERSION 1u
#define ROX_FRAME_UNKNOWN 0xffffffffu
#define ROX_MOST_REQUEST (64u << 20)

enum { ROX_HELLO = 1, ROX_PROGRAM = 2, ROX_HELLO_BACK = 0x81, ROX_IMAGE = 0x82, ROX_REFUSED = 0x83, ROX_NOT_ACCEPTED = 0x84 };
enum { ROX_ABS64 = 1, ROX_CALL26 = 2, ROX_MOVW = 3, ROX_TABLE64 = 4 };

struct rox_helper {
	uint32_t number;
	uint32_t unused;
	uint64_t address;
};

/* A program to translate. */
struct rox_request {
	uint32_t id;
	uint32_t lse;         /* the CPU has single-instruction atomics */
	uint32_t stack_bytes; /* of the deepest frame */
	uint32_t helpers_count;
	uint32_t slots;
	uint64_t address; /* where the first byte of the image will lie */
	const struct rox_helper *helpers;
	void *insns; /* 8 bytes each; may be changed */
};

struct rox_relocation {
	uint32_t kind, offset, helper;
};

/* What became of it: fill in `type`, and what belongs to that type. */
struct rox_answer {
	uint32_t type; /* ROX_IMAGE, ROX_REFUSED, ROX_NOT_ACCEPTED */
	const char *text;
	const void *image;
	uint32_t image_bytes, entry, frame;
	const struct rox_relocation *relocations;
	uint32_t relocations_count;
};

static int rox_read(void *into, size_t bytes)
{
	for (uint8_t *p = into; bytes > 0;) {
		ssize_t got = read(0, p, bytes);
		if (got <= 0)
			return 0;
		p += got;
		bytes -= (size_t)got;
	}
	return 1;
}

static void rox_write(const void *from, size_t bytes)
{
	if (fwrite(from, 1, bytes, stdout) != bytes)
		exit(1);
}

static void rox_reply(uint32_t id, const struct rox_answer *a)
{
	if (a->type == ROX_IMAGE) {
		uint32_t relocations = 12 * a->relocations_count;
		uint32_t head[6] = { 20 + relocations + a->image_bytes, a->type, id, a->entry, a->frame, a->relocations_count };
		rox_write(head, sizeof(head));
		rox_write(a->relocations, relocations);
		rox_write(a->image, a->image_bytes);
	} else {
		uint32_t text = (uint32_t)strlen(a->text);
		uint32_t head[3] = { 8 + text, a->type, id };
		rox_write(head, sizeof(head));
		rox_write(a->text, text);
	}
}

/* Answer requests until the input ends. `done` is called when the answer was written. */
static int rox_serve(void (*translate)(const struct rox_request *, struct rox_answer *), void (*done)(void))
{
	uint32_t bytes;
	while (rox_read(&bytes, sizeof(bytes))) {
		if (bytes < 12 || bytes > ROX_MOST_REQUEST)
			return 1;
		uint32_t *body = malloc(bytes);
		if (body == NULL || !rox_read(body, bytes))
			return 1;
		if (body[0] == ROX_HELLO) {
			uint32_t back[4] = { 12, ROX_HELLO_BACK, ROX_MAGIC, ROX_VERSION };
			rox_write(back, sizeof(back));
		} else if (body[0] == ROX_PROGRAM && bytes >= 32) {
			struct rox_request request = { body[1], body[2] & 1, body[3], body[4], body[5], 0, NULL, NULL };
			struct rox_answer answer = { ROX_REFUSED, "no reason", NULL, 0, 0, ROX_FRAME_UNKNOWN, NULL, 0 };
			memcpy(&request.address, &body[6], 8);
			request.helpers = (const struct rox_helper *)(body + 8);
			request.insns = (uint8_t *)body + 32 + 16 * request.helpers_count;
			translate(&request, &answer);
			rox_reply(request.id, &answer);
			if (done != NULL)
				done();
		} else {
			return 1;
		}
		free(body);
		fflush(stdout);
	}
	return 0;
}
#endif
