/** Circuits: what carries the answer, along which paths, and which parts work together. */
import { lazy, Suspense, useEffect, useRef } from "react";
import { usePage } from "../state/page";
import { LEFT, type View, VIEWS, viewOf } from "./address";
import "../styles/circuits.css";

const SHOWN = {
  patching: lazy(() => import("./Patching")),
  paths: lazy(() => import("./Paths")),
  composition: lazy(() => import("./Composition")),
  neurons: lazy(() => import("./Neurons")),
  graph: lazy(() => import("./StoredGraph")),
} satisfies Record<View, unknown>;

export default function Circuits() {
  const { query } = usePage();
  const view = viewOf(query);
  const Shown = SHOWN[view];
  useExperiments();
  return (
    <main className={`circuits ${view}`}>
      <h1 className="hidden">Circuits</h1>
      {!query.panel && <Views view={view} />}
      <Suspense fallback={<div className="skeleton" style={{ height: 480 }} />}>
        <Shown />
      </Suspense>
    </main>
  );
}

function Views({ view }: { view: View }) {
  const { set } = usePage();
  return (
    <nav className="circuits-views" aria-label="Views of the circuit">
      {VIEWS.map(({ view: one, name, about }) => (
        <button
          key={one}
          type="button"
          aria-current={one === view ? "page" : undefined}
          title={about}
          onClick={() => set({ ...LEFT, view: one, sel: null, panel: null }, { push: true })}
        >
          {name}
        </button>
      ))}
      <p className="muted note">{VIEWS.find((one) => one.view === view)?.about}</p>
    </nav>
  );
}

/** Opens the dock where a place of the model is selected: each is an experiment. */
function useExperiments(): void {
  const { query, set } = usePage();
  const before = useRef(query.sel);
  useEffect(() => {
    const chosen = query.sel !== before.current && /\b(layer|depth):/.test(query.sel ?? "");
    before.current = query.sel;
    if (chosen && !query.panel && !query.embed && query.dock !== "1") set({ dock: "1" });
  }, [query, set]);
}
