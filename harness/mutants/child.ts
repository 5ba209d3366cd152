// What a child process runs: the searches for the mutant whose files its module loader serves.

import { serve } from "./serve.js";

serve({
  // For one step that takes long.
  grace: 5,
  beginning: "import",
  // Imported here, so that what a mutant throws meanwhile is told like everything else.
  searches: async ({ seed }) => (await import("./searches.js")).makeSearches(seed),
});
