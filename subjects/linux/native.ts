// Functions of the kernel that run as they are, by group with why, over all versions. Of those that an image has, the ones run
// that the entry points reach (`closure.ts`). Any other ends a case in one line: a kernel that calls something new is not to be
// followed into the rest of the system. Adding one is a word here.

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** What is called from outside. Nothing else of the kernel is. */
export const ENTRY_POINTS = [
  ...["bpf_int_jit_compile", "bpf_jit_free", "jit_subprogs", "bpf_jit_subprogs", "fixup_exception"],
  ...["bpf_prog_pack_alloc", "bpf_prog_pack_free", "bpf_jit_charge_modmem", "bpf_jit_uncharge_modmem"],
  ...["aarch64_insn_copy", "aarch64_insn_set", "aarch64_insn_patch_text_nosync"],
  ...["bpf_arch_text_copy", "bpf_arch_text_invalidate", "bpf_arch_text_poke"],
  ...["arch_bpf_trampoline_size", "arch_alloc_bpf_trampoline", "arch_prepare_bpf_trampoline"],
  ...["arch_protect_bpf_trampoline", "arch_free_bpf_trampoline", "arch_bpf_trampoline_skip"],
  ...["bpf_prog_kallsyms_add", "bpf_prog_kallsyms_del", "__bpf_prog_free"],
  ...["bpf_jit_blind_constants", "bpf_jit_prog_release_other", "bpf_arena_get_kern_vm_start"],
] as const;
/** Called from outside as well, and trapped: where a trampoline has a page of its own, its caller makes that. */
const TRAPPED_ENTRY_POINTS = ["bpf_jit_alloc_exec", "bpf_jit_free_exec", "set_memory_ro", "set_memory_x"] as const;
export type EntryPoint = (typeof ENTRY_POINTS | typeof TRAPPED_ENTRY_POINTS)[number];

/** Under test: what the entry points consist of. */
const UNDER_TEST = words(`
  bpf_int_jit_compile bpf_jit_free bpf_jit_blind_constants bpf_jit_prog_release_other bpf_jit_get_func_addr
  build_prologue build_body build_insn build_epilogue build_plt validate_code validate_ctx add_exception_handler
  jit_fill_hole emit emit_call emit_a64_mov_i emit_a64_mov_i64 emit_addr_mov_i64 emit_bpf_tail_call emit_lse_atomic
  emit_atomic_ld_st emit_ll_sc_atomic emit_kcfi emit_u32_data push_callee_regs pop_callee_regs find_used_callee_regs
  prepare_bpf_tail_call_cnt bpf_jit_binary_alloc bpf_jit_binary_free bpf_jit_binary_lock_ro bpf_jit_uncharge_modmem
  bpf_jit_charge_modmem bpf_jit_binary_pack_alloc bpf_jit_binary_pack_finalize bpf_jit_binary_pack_free
  bpf_jit_binary_pack_hdr bpf_prog_pack_alloc bpf_prog_pack_free alloc_new_pack bpf_arch_text_copy
  bpf_arch_text_invalidate bpf_arch_text_poke gen_branch_or_nop write_plt_target is_long_jump
  arch_prepare_bpf_trampoline arch_bpf_trampoline_size arch_alloc_bpf_trampoline arch_free_bpf_trampoline
  arch_protect_bpf_trampoline arch_bpf_trampoline_skip prepare_trampoline invoke_bpf_prog invoke_bpf_mod_ret save_args restore_args
  store_func_meta bpf_fsession_cnt bpf_fsession_cookie_cnt calc_arg_aux bpf_tramp_arena_base clone_func_args
  bpf_trampoline_enter bpf_trampoline_exit
  bpf_jit_needs_zext bpf_jit_supports_far_kfunc_call
  bpf_prog_update_insn_ptrs bpf_out_stack_arg_cnt
  bpf_insn_is_indirect_target emit_arena_arg_conv btf_func_model_nregs
`);

const EXCEPTIONS = words(`
  fixup_exception search_exception_tables search_kernel_exception_table search_module_extables search_bpf_extables
  search_extable cmp_ex_search __module_address mod_find bpf_ksym_find bpf_prog_ksym_find ex_handler_bpf
  ex_handler_uaccess_err_zero ex_handler_load_unaligned_zeropad ex_handler_uaccess_cpy
`);

const TEXT_POKE = words(`
  aarch64_insn_copy aarch64_insn_set __text_poke text_poke_memcpy text_poke_memset patch_map patch_unmap
  aarch64_insn_patch_text_nosync __aarch64_insn_write aarch64_insn_write aarch64_insn_read
  aarch64_insn_write_literal_u64 caches_clean_inval_pou core_kernel_text is_image_text
  copy_to_kernel_nofault copy_to_kernel_nofault_allowed copy_from_kernel_nofault copy_from_kernel_nofault_allowed set_fs
  __arch_copy_to_user __arch_copy_from_user
`);
const ENCODERS = words(`
  aarch64_insn_encode_immediate aarch64_insn_encode_register aarch64_insn_encode_ldst_size aarch64_insn_decode_immediate
  aarch64_encode_immediate aarch64_insn_gen_adr aarch64_insn_gen_add_sub_imm aarch64_insn_gen_add_sub_shifted_reg
  aarch64_insn_gen_add_sub_extended_reg
  aarch64_insn_gen_atomic_ld_op aarch64_insn_gen_bitfield aarch64_insn_gen_branch_imm aarch64_insn_gen_branch_reg
  aarch64_insn_gen_cas aarch64_insn_gen_comp_branch_imm aarch64_insn_gen_cond_branch_imm aarch64_insn_gen_data1
  aarch64_insn_gen_data2 aarch64_insn_gen_data3 aarch64_insn_gen_dmb aarch64_insn_gen_dsb aarch64_insn_gen_hint
  aarch64_insn_gen_load_acq_store_rel aarch64_insn_gen_load_literal aarch64_insn_gen_load_store_ex
  aarch64_insn_gen_load_store_imm aarch64_insn_gen_load_store_pair aarch64_insn_gen_load_store_reg
  aarch64_insn_gen_logical_immediate aarch64_insn_gen_logical_shifted_reg aarch64_insn_gen_movewide
  aarch64_insn_gen_move_reg aarch64_insn_gen_mrs aarch64_insn_gen_nop aarch64_insn_gen_stadd aarch64_insn_gen_ldadd
  aarch64_insn_gen_prefetch
  label_imm_common branch_imm_common aarch64_get_imm_shift_mask
`);

const PROGRAMS = words(`
  bpf_patch_insn_single bpf_adj_branches bpf_prog_realloc bpf_prog_clone_create bpf_prog_clone_free bpf_prog_unlock_free
  __bpf_prog_charge __bpf_prog_uncharge
  __bpf_prog_free bpf_prog_kallsyms_verify_off bpf_arena_get_kern_vm_start bpf_arena_get_user_vm_start
  jit_subprogs bpf_jit_subprogs cmp_subprogs find_containing_subprog find_subprog bpf_find_containing_subprog
  bpf_find_subprog bpf_prog_alloc_no_stats bpf_prog_alloc bpf_prog_alloc_jited_linfo bpf_prog_stream_init
  bpf_prog_kallsyms_add bpf_prog_kallsyms_del bpf_ksym_add bpf_ksym_del
  bpf_dup_insn_aux_data bpf_restore_insn_aux_data bpf_patch_insn_data bpf_insn_array_adjust bpf_is_reg64
  bpf_rewrite_must_abort bpf_insn_def32 insn_def_regno
  bpf_arch_uaddress_limit bpf_prog_was_classic bpf_prog_jit_attempt_done bpf_prog_free_linfo
`);

const LIBRARY = words(`
  __memcpy memcpy __memset memset memset32 __memset32 __memmove memmove __memcmp memcmp __bitmap_set __bitmap_clear
  bitmap_find_next_zero_area_off _find_next_bit _find_last_bit _find_first_zero_bit _find_next_zero_bit _find_first_bit
  __sw_hweight64 __sw_hweight32
  __list_add_valid __list_add_valid_or_report __list_del_entry_valid __list_del_entry_valid_or_report
  bin2hex bsearch rb_insert_color rb_erase __nodes_weight refcount_warn_saturate
  __pi_memset __pi_memset_generic __pi_memcpy __pi_memcpy_generic __pi_memmove __pi_memcmp
  kvmalloc_array kvcalloc
  get_spectre_bhb_loop_value is_spectre_bhb_fw_mitigated cpu_mitigations_off arm64_get_spectre_bhb_state
  arm64_get_spectre_v2_state
`);

const LOCKS = words(`
  mutex_lock mutex_unlock mutex_trylock rt_mutex_lock rt_mutex_unlock
  __mutex_init mutex_init_generic rt_mutex_base_init __mutex_rt_init mutex_rt_init_generic
  _raw_spin_lock _raw_spin_unlock _raw_spin_lock_irqsave _raw_spin_unlock_irqrestore _raw_spin_lock_bh _raw_spin_unlock_bh
  __rcu_read_lock __rcu_read_unlock
  do_raw_spin_lock do_raw_spin_trylock do_raw_spin_unlock preempt_count_add preempt_count_sub in_lock_functions
  rcu_lock_acquire rcu_lock_release
`);

/** Of a task whose coverage nobody wants (CONFIG_KCOV). */
const COVERAGE = words(`
  __sanitizer_cov_trace_pc __sanitizer_cov_trace_cmp1 __sanitizer_cov_trace_cmp2 __sanitizer_cov_trace_cmp4
  __sanitizer_cov_trace_cmp8 __sanitizer_cov_trace_const_cmp1 __sanitizer_cov_trace_const_cmp2
  __sanitizer_cov_trace_const_cmp4 __sanitizer_cov_trace_const_cmp8 __sanitizer_cov_trace_switch
  check_kcov_mode write_comp_data in_softirq_really
`);

const NATIVE_GROUPS: readonly { readonly why: string; readonly names: readonly string[] }[] = [
  { why: "under test: the JIT, packs, trampolines", names: UNDER_TEST },
  { why: "what is done about an access that faults", names: EXCEPTIONS },
  { why: "the one way to store words into text", names: TEXT_POKE },
  { why: "words of A64 from their parts", names: ENCODERS },
  { why: "programs as objects: blinding makes them anew, and freeing ends them", names: PROGRAMS },
  { why: "locks and read sections that nobody waits for, followed by probes", names: LOCKS },
  { why: "they see that they are not wanted, and return", names: COVERAGE },
  { why: "without effects but on the memory that they are given", names: LIBRARY },
];

/** By name without what compilers add. */
export const NATIVE: readonly string[] = NATIVE_GROUPS.flatMap(({ names }) => names);

/**
 * Functions that those above have calls of, and that no case comes to. A case that does ends there.
 * By name without what compilers add.
 */
export const NEVER_CALLED: Readonly<Record<string, string>> = {
  ...group("another CPU or task waits for a lock, and none waits here", [
    ...["__mutex_unlock_slowpath", "rt_mutex_slowlock", "mark_wakeup_next_waiter", "wake_up_q", "wake_up_state"],
    ...["__put_task_struct", "call_rcu", "rcu_read_unlock_special", "rcu_read_unlock_strict"],
  ]),
  ...group("the CPU has a branch predictor that firmware must clean", ["arm_smccc_1_1_get_conduit"]),
  ...group("nobody asks for a dump of compiled code", ["bpf_jit_dump"]),
  ...group("the validator of locks is never there to complain", ["lockdep_rcu_suspicious"]),
  ...group("a program calls functions of modules, or has types of its own", [
    ...["bpf_get_kfunc_addr", "bpf_jit_find_kfunc_model", "btf_type_by_id", "btf_name_by_offset"],
  ]),
  ...group("an access faults in a kernel before 5.16, whose tables are read in our words", [
    "arm64_bpf_fixup_exception",
  ]),
};

function group(why: string, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, why]));
}
