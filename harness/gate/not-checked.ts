// What a green gate does not say. Printed with every summary, so that nobody takes the gate for more than it is.

export const NOT_CHECKED: readonly string[] = [
  "image bytes against a real kernel (rox golden does, on recordings)",
  "helpers, kfuncs and maps beyond those that the interpreter models",
  "programs that a verifier would refuse",
  "two CPUs that load or attach at once, and a detach while a CPU is inside the trampoline",
  "profile linux-6.12, beyond what its lessons show",
  "timing, speculation and weak memory order between CPUs",
];
