/*
 * uBPF behind the image protocol: ubpf_load() and ubpf_translate(), on arm64 or under qemu-user. Helpers are registered by
 * the addresses that the request names; nothing calls them here.
 */
#include <ubpf.h>

#include "../protocol.h"

#define MOST_IMAGE (1u << 20)

static uint8_t image[MOST_IMAGE];
static char text[400];
static struct ubpf_vm *vm;

static void say(struct rox_answer *answer, const char *what, char *error)
{
	snprintf(text, sizeof(text), "%s: %s", what, error == NULL ? "no reason" : error);
	free(error);
	answer->text = text;
}

static void translate(const struct rox_request *request, struct rox_answer *answer)
{
	char *error = NULL;
	size_t bytes = sizeof(image);

	answer->type = ROX_REFUSED;
	vm = ubpf_create();
	if (vm == NULL) {
		answer->text = "ubpf_create failed";
		return;
	}
	for (uint32_t i = 0; i < request->helpers_count; i++) {
		external_function_t helper;
		memcpy(&helper, &request->helpers[i].address, sizeof(helper));
		if (ubpf_register(vm, request->helpers[i].number, "helper", helper) != 0) {
			answer->text = "ubpf_register failed";
			return;
		}
	}
	if (ubpf_load(vm, request->insns, 8 * request->slots, &error) != 0) {
		say(answer, "ubpf_load", error);
		return;
	}
	if (ubpf_translate(vm, image, &bytes, &error) != 0) {
		say(answer, "ubpf_translate", error);
		return;
	}
	answer->type = ROX_IMAGE;
	answer->image = image;
	answer->image_bytes = (uint32_t)((bytes + 3) & ~(size_t)3);
}

static void done(void)
{
	if (vm != NULL)
		ubpf_destroy(vm);
	vm = NULL;
}

int main(void)
{
	return rox_serve(translate, done);
}
