/** The dock at the right: what is selected and pinned, and the interventions in force. */
import { usePage } from "../state/page";
import { Selected } from "./Selected";

export function Dock() {
  if (usePage().query.dock !== "1") return null;
  return (
    <aside className="dock" aria-label="Selection and interventions">
      <Selected />
    </aside>
  );
}
