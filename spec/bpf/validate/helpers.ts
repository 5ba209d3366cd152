// How many of r1..r5 the helpers that this project knows read, by Linux's helper id.

export const HELPER_TAIL_CALL = 12;

/** A helper that is not listed may read anything, so its arguments are not checked. */
export const HELPER_ARGUMENTS: ReadonlyMap<number, number> = new Map([
  [1, 2], // map_lookup_elem(map, key)
  [2, 4], // map_update_elem(map, key, value, flags)
  [3, 2], // map_delete_elem(map, key)
  [5, 0], // ktime_get_ns()
  [7, 0], // get_prandom_u32()
  [8, 0], // get_smp_processor_id()
  [14, 0], // get_current_pid_tgid()
  [HELPER_TAIL_CALL, 3], // tail_call(context, prog array, index)
  [35, 0], // get_current_task()
  [158, 0], // get_current_task_btf()
]);
