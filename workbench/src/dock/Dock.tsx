/** The dock at the right: what is selected and pinned, what can be done with it, and the interventions in force. */
import { lazy, Suspense } from "react";
import { usePage } from "../state/page";

const Interventions = lazy(async () => ({ default: (await import("./Interventions")).Interventions }));
const Selected = lazy(async () => ({ default: (await import("./Selected")).Selected }));

export function Dock() {
  if (usePage().query.dock !== "1") return null;
  return (
    <aside className="dock" aria-label="Selection and interventions">
      <Suspense fallback={<div className="skeleton" style={{ height: 200 }} />}>
        <Selected />
        <Interventions />
      </Suspense>
    </aside>
  );
}
