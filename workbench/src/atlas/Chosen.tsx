/** The set of neurons that is kept: as a sortable table, under a name, as a file, as ablations. */
import { Button, Menu } from "@mantine/core";
import { type ChangeEvent, useMemo, useRef, useState } from "react";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { type Patch, usePage } from "../state/page";
import { type Change, toFile, useStack } from "../state/stack";
import {
  asCsv,
  download,
  FORMAT,
  type KeptSet,
  recipeOf,
  RECIPE,
  type Row,
  setOfFile,
  useSets,
} from "./keeping";
import type { Neurons } from "./neurons";
import { type Column, Table } from "./Table";
import type { Coloured } from "./useColouring";
import type { Terms } from "./useTerms";

interface ChosenProps {
  neurons: Neurons | null;
  kept: Uint8Array | null;
  coloured: Coloured;
  terms: Terms;
  /** What each filter keeps by itself. */
  filters: readonly { label: string; kept: number; clear: () => void }[];
}

export function Chosen({ neurons, kept, coloured, terms, filters }: ChosenProps) {
  const { query } = usePage();
  const [wrong, setWrong] = useState("");
  const columns = useMemo(() => columnsOf(neurons, coloured, terms), [neurons, coloured, terms]);
  const points = useMemo(() => pointsOf(neurons, kept), [neurons, kept]);
  const total = neurons?.names.length ?? 0;
  return (
    <Panel
      id="set"
      title="Set"
      reading={kept ? `${points.length} of ${total} neurons` : neurons ? `all ${total} neurons` : ""}
      className="atlas-set"
      actions={
        <>
          <Kept model={query.model ?? ""} />
          <OpenFile onWrong={setWrong} />
        </>
      }
    >
      {wrong && <Complaint>{wrong}</Complaint>}
      {!neurons && <Empty>The neurons that a query or a region keeps are listed here.</Empty>}
      {filters.length > 0 && (
        <ul className="filters" aria-label="Filters">
          {filters.map(({ label, kept: count, clear }) => (
            <li key={label}>
              {label}: {count} of {total}{" "}
              <button type="button" className="text-button" onClick={clear}>
                let go
              </button>
            </li>
          ))}
        </ul>
      )}
      {neurons && (
        <>
          <Table {...{ neurons, points, columns }} />
          <Actions {...{ neurons, points, columns, model: query.model ?? "" }} />
        </>
      )}
    </Panel>
  );
}

function pointsOf(neurons: Neurons | null, kept: Uint8Array | null): number[] {
  const every = Array.from(neurons?.names ?? [], (_, point) => point);
  return kept ? every.filter((point) => kept[point] === 1) : every;
}

/** What the table says of each neuron: its effect in each query with p, then the measure that colours it. */
function columnsOf(neurons: Neurons | null, coloured: Coloured, { asked }: Terms): Column[] {
  const { variable, measured } = coloured;
  const found = asked.flatMap(({ effect, p }, place): Column[] => {
    if (!effect || !p) return [];
    const which = asked.length > 1 ? ` ${place + 1}` : "";
    return [
      {
        name: `effect${which}`,
        title: `effect${which} (sd)`,
        values: effect,
        unsure: (at) => (p[at] ?? 1) >= 0.05,
      },
      { name: `p${which}`, title: `p${which}`, values: p },
    ];
  });
  if (variable && measured && neurons && !variable.name.startsWith("every_"))
    found.push({
      name: variable.name,
      title: variable.long_name || variable.name,
      values: measured.values,
      unsure: (at) => measured.unsure?.[at] ?? false,
    });
  return found;
}

/** How many the address can hold. */
const MOST_ABLATED = 64;

interface ActionsProps {
  neurons: Neurons;
  points: readonly number[];
  columns: readonly Column[];
  model: string;
}

function Actions(props: ActionsProps) {
  return (
    <div className="set-actions">
      <Naming {...props} />
      <Files {...props} />
    </div>
  );
}

function unitsOf({ neurons, points }: Pick<ActionsProps, "neurons" | "points">): string[] {
  return points.map((point) => `mlp_act.${neurons.names[point]}`);
}

/** Keeps the set in this browser under a name. */
function Naming(props: ActionsProps) {
  const { query } = usePage();
  const keep = useSets(({ keep: write }) => write);
  const [name, setName] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        keep({ name: name.trim(), model: props.model, units: unitsOf(props), recipe: recipeOf(query) });
        setName("");
      }}
    >
      <input
        aria-label="Name of the set"
        placeholder="name"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Button
        size="compact-xs"
        variant="default"
        type="submit"
        disabled={!name.trim() || props.points.length === 0}
      >
        Keep
      </Button>
    </form>
  );
}

/** The set as a file: numbers, or the interventions that set its neurons to 0. */
function Files({ neurons, points, columns, model }: ActionsProps) {
  const { query, set } = usePage();
  const file = `neurons-${model.replaceAll(/[^\w.-]+/g, "-")}`;
  const rows = () => points.map((point) => rowOf(neurons, point, columns));
  const csv = () => {
    const names = ["name", "layer", "neuron", ...columns.map(({ name }) => name)];
    download(`${file}.csv`, "text/csv", asCsv(rows(), names));
  };
  const numbers = () => ({
    format: FORMAT,
    version: 1,
    model,
    recipe: recipeOf(query),
    neurons: rows(),
  });
  const changes = (): Change[] =>
    unitsOf({ neurons, points }).map((site) => ({ site, op: "zero", value: "", on: true }));
  const ablate = () => {
    const { ops, load } = useStack.getState();
    load([...ops, ...changes()]);
    set({ dock: "1" });
  };
  const look = { size: "compact-xs", variant: "default" } as const;
  return (
    <>
      <Button {...look} onClick={csv}>
        CSV
      </Button>
      <Button
        {...look}
        onClick={() => download(`${file}.json`, "application/json", JSON.stringify(numbers(), null, 1))}
      >
        JSON
      </Button>
      <Button
        {...look}
        disabled={points.length === 0}
        title="A file of interventions that sets these neurons to 0."
        onClick={() => download(`${file}-ablated.json`, "application/json", toFile(changes()))}
      >
        Interventions
      </Button>
      <Button
        {...look}
        disabled={points.length === 0 || points.length > MOST_ABLATED}
        title={`Sets these neurons to 0 in the stack of interventions; at most ${MOST_ABLATED}, a file takes more.`}
        onClick={ablate}
      >
        Ablate
      </Button>
    </>
  );
}

function rowOf(neurons: Neurons, point: number, columns: readonly Column[]): Row {
  return {
    name: `mlp_act.${neurons.names[point]}`,
    layer: neurons.layer[point] as number,
    neuron: neurons.neuron[point] as number,
    ...Object.fromEntries(columns.map(({ name, values }) => [name, values[point] as number])),
  };
}

/** What the address says where a set is open. */
function addressOf({ model, recipe }: KeptSet): Patch {
  return { ...Object.fromEntries(RECIPE.map((key) => [key, null])), ...recipe, model };
}

/** Keeps the set of a file that was taken here or elsewhere, and opens it by what made it. */
function OpenFile({ onWrong }: { onWrong: (sentence: string) => void }) {
  const { set } = usePage();
  const keep = useSets(({ keep: write }) => write);
  const file = useRef<HTMLInputElement>(null);
  const onFile = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [chosen] = target.files ?? [];
    if (!chosen) return;
    try {
      const found = setOfFile(await chosen.text(), chosen.name);
      keep(found);
      set(addressOf(found), { push: true });
      onWrong("");
    } catch (error) {
      onWrong(error instanceof Error ? error.message : String(error));
    }
    target.value = "";
  };
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={() => file.current?.click()}>
        Open a file
      </Button>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="File of neurons"
        onChange={(event) => void onFile(event)}
      />
    </>
  );
}

/** Sets that this browser has kept; a set comes back by what made it. */
function Kept({ model }: { model: string }) {
  const { sets, drop } = useSets();
  const { set } = usePage();
  const own = sets.filter((one) => one.model === model);
  if (own.length === 0) return null;
  const open = (one: KeptSet) => set(addressOf(one), { push: true });
  return (
    <Menu position="bottom-end" shadow="none">
      <Menu.Target>
        <Button size="compact-xs" variant="default">
          Kept sets ({own.length})
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {own.map((one) => (
          <Menu.Item
            key={one.name}
            onClick={() => open(one)}
            rightSection={
              <button
                type="button"
                className="text-button"
                onClick={(event) => {
                  event.stopPropagation();
                  drop(one.name);
                }}
              >
                drop
              </button>
            }
          >
            {one.name} · {one.units.length}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
