/** The pages, in the order of the rail. */
export const PAGES = [
  { path: "/", name: "Home", about: "models, recent results, jobs, alerts" },
  { path: "/lab", name: "Lab", about: "a prompt, its twin, and answers about them" },
  { path: "/unit", name: "Unit", about: "one neuron or head, all that is known of it" },
  { path: "/atlas", name: "Atlas", about: "all neurons at once" },
  { path: "/circuits", name: "Circuits", about: "patching maps, paths, composition" },
  { path: "/errors", name: "Errors", about: "problems by outcome, the neurons that part them" },
  { path: "/compare", name: "Compare", about: "two of anything, side by side" },
  { path: "/results", name: "Results", about: "every answer, where it came from, how to ask it again" },
  { path: "/recipes", name: "Recipes", about: "guided chains of questions" },
  { path: "/admin", name: "Admin", about: "tokens, audit, monitors, memory" },
] as const;

export type PagePath = (typeof PAGES)[number]["path"];
