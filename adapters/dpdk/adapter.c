/*
 * DPDK's lib/bpf behind the image protocol: rte_bpf_load() checks and translates, rte_bpf_get_jit() tells where the code
 * is. Nothing of the EAL is started.
 */
#include <rte_bpf.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "../protocol.h"

#define MOST_HELPERS 16
/* What a program may touch behind r1. Inputs are at most this long. */
#define MEMORY_BYTES 4096

static struct rte_bpf *loaded;
/* What the library logs: the last line says why a program was not loaded. */
static FILE *log_stream;
static char *log_text;
static size_t log_bytes;
static struct rte_bpf_xsym symbols[MOST_HELPERS];

/* Calls name a symbol by its index, not a helper by its number. */
static int name_calls(struct ebpf_insn *insns, uint32_t slots, const struct rox_request *request)
{
	for (uint32_t pc = 0; pc < slots; pc++) {
		if (insns[pc].code == (BPF_JMP | EBPF_CALL)) {
			uint32_t i = 0;
			while (i < request->helpers_count && request->helpers[i].number != (uint32_t)insns[pc].imm)
				i++;
			if (i == request->helpers_count)
				return 0;
			insns[pc].imm = (int32_t)i;
		}
	}
	return 1;
}

static const char *last_words(void)
{
	fflush(log_stream);
	if (log_text == NULL || log_bytes == 0)
		return rte_strerror(rte_errno);
	while (log_bytes > 0 && log_text[log_bytes - 1] == '\n')
		log_text[--log_bytes] = 0;
	const char *line = strrchr(log_text, '\n');
	return line == NULL ? log_text : line + 1;
}

static void translate(const struct rox_request *request, struct rox_answer *answer)
{
	struct rte_bpf_prm prm;
	struct rte_bpf_jit jit = { NULL, 0 };
	uint32_t count = request->helpers_count < MOST_HELPERS ? request->helpers_count : MOST_HELPERS;

	memset(symbols, 0, sizeof(symbols));
	for (uint32_t i = 0; i < count; i++) {
		symbols[i].name = "helper";
		symbols[i].type = RTE_BPF_XTYPE_FUNC;
		memcpy(&symbols[i].func.val, &request->helpers[i].address, 8);
		symbols[i].func.ret.type = RTE_BPF_ARG_RAW;
		symbols[i].func.ret.size = 8;
	}
	answer->type = ROX_NOT_ACCEPTED;
	if (!name_calls(request->insns, request->slots, request)) {
		answer->text = "a helper that was not offered";
		return;
	}
	memset(&prm, 0, sizeof(prm));
	prm.ins = request->insns;
	prm.nb_ins = request->slots;
	prm.xsym = symbols;
	prm.nb_xsym = count;
	prm.prog_arg.type = RTE_BPF_ARG_PTR;
	prm.prog_arg.size = MEMORY_BYTES;
	loaded = rte_bpf_load(&prm);
	if (loaded == NULL) {
		answer->text = last_words();
		return;
	}
	if (rte_bpf_get_jit(loaded, &jit) != 0 || jit.func == NULL || jit.sz == 0) {
		answer->type = ROX_REFUSED;
		answer->text = "rte_bpf_load took the program and made no code of it";
		return;
	}
	answer->type = ROX_IMAGE;
	memcpy(&answer->image, &jit.func, sizeof(answer->image));
	answer->image_bytes = (uint32_t)jit.sz;
}

static void done(void)
{
	rte_bpf_destroy(loaded);
	loaded = NULL;
	rewind(log_stream);
}

int main(void)
{
	log_stream = open_memstream(&log_text, &log_bytes);
	if (log_stream == NULL || rte_openlog_stream(log_stream) != 0)
		return 1;
	return rox_serve(translate, done);
}
