/** One box that finds everything: pages, models, analyses, units by address, stored results, what can be done. */
import { Modal, TextInput } from "@mantine/core";
import { type KeyboardEvent, useMemo, useState } from "react";
import { useAnalyses, useModels, useStored } from "../api/queries";
import { capital, inWords } from "../figures/words";
import { type LabPanel, writePanel } from "../state/lab";
import { usePage } from "../state/page";
import { turn, useTheme } from "../state/theme";
import { readUnit, writeUnit } from "../state/units";
import { useOpen } from "./PageLink";
import { PAGES } from "./pages";

interface Entry {
  kind: string;
  name: string;
  about: string;
  act: () => void;
}

interface PaletteProps {
  onClose: () => void;
  onCard: () => void;
}

const SHOWN = 12;

export default function Palette({ onClose, onCard }: PaletteProps) {
  const [text, setText] = useState("");
  const [cursor, setCursor] = useState(0);
  const entries = useEntries(text, onCard);
  const found = useMemo(() => matching(entries, text).slice(0, SHOWN), [entries, text]);
  const at = Math.min(cursor, Math.max(found.length - 1, 0));
  const act = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.act();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) setCursor((at + by + found.length) % Math.max(found.length, 1));
    else if (event.key === "Enter") act(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      size="lg"
      padding="xs"
      yOffset="12vh"
      title={undefined}
      aria-label="Search"
    >
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${at}` : undefined}
        aria-label="Search pages, models, analyses, units, results"
        placeholder="A page, a model, an analysis, mlp_act.3.17, the start of a digest …"
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setCursor(0);
        }}
        onKeyDown={onKeyDown}
      />
      <Found entries={found} at={at} onMove={setCursor} onAct={act} />
      {found.length === 0 && (
        <p className="muted note">Nothing is called that; units are written as mlp_act.3.17 or z.2.1.</p>
      )}
    </Modal>
  );
}

interface FoundProps {
  entries: readonly Entry[];
  at: number;
  onMove: (index: number) => void;
  onAct: (entry: Entry) => void;
}

function Found({ entries, at, onMove, onAct }: FoundProps) {
  return (
    <div id="palette-list" role="listbox" aria-label="Found" className="palette">
      {entries.map((entry, index) => (
        <button
          type="button"
          tabIndex={-1}
          key={`${entry.kind} ${entry.name} ${entry.about}`}
          id={`palette-${index}`}
          role="option"
          aria-selected={index === at}
          onPointerMove={() => onMove(index)}
          onClick={() => onAct(entry)}
        >
          <span className="muted">{entry.kind}</span>
          <span>{entry.name}</span>
          <span className="muted note">{entry.about}</span>
        </button>
      ))}
    </div>
  );
}

function useEntries(text: string, onCard: () => void): Entry[] {
  const open = useOpen();
  const theme = useTheme();
  const { set } = usePage();
  const { data: models } = useModels();
  const { data: forms } = useAnalyses();
  const { data: stored } = useStored(true);
  const unit = readUnit(text);
  const units = unit
    ? [
        {
          kind: "unit",
          name: writeUnit(unit),
          about: `${unit.kind} ${unit.index} of layer ${unit.layer}`,
          act: () => open("/unit", { unit: writeUnit(unit) }),
        },
      ]
    : [];
  const other = theme === "dark" ? "light" : "dark";
  return [
    ...units,
    ...PAGES.map(({ path, name, about }) => ({ kind: "page", name, about, act: () => open(path) })),
    { kind: "do", name: "Model card", about: "facts, equations, certificate", act: onCard },
    { kind: "do", name: `Change to the ${other} theme`, about: "", act: () => turn(other) },
    {
      kind: "do",
      name: "Open the dock",
      about: "selection and interventions",
      act: () => set({ dock: "1" }),
    },
    ...(models ?? []).map(({ name, title }) => ({
      kind: "model",
      name,
      about: title,
      act: () => set({ model: name, sel: null, pins: null }, { push: true }),
    })),
    ...(forms ?? [])
      .filter(({ sort }) => sort === "ask")
      .map(({ name, summary }) => ({
        kind: "analysis",
        name: capital(inWords(name)),
        about: summary,
        act: () => open("/lab", writePanel(fresh(name))),
      })),
    ...(stored ?? []).map(({ digest, title, analysis }) => ({
      kind: "result",
      name: `${capital(inWords(analysis))} ${digest.slice(0, 8)}`,
      about: title,
      act: () => open("/results", { result: digest }),
    })),
  ];
}

function fresh(analysis: string): LabPanel {
  return { slot: "", analysis, args: {}, draft: false };
}

/** Entries that hold every word of the text; those whose name begins with it come first. */
function matching(entries: readonly Entry[], text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const whole = ({ kind, name, about }: Entry) => `${kind} ${name} ${about}`.toLowerCase();
  const rank = ({ kind, name }: Entry) =>
    kind === "unit" ? 0 : name.toLowerCase().startsWith(text.trim().toLowerCase()) ? 1 : 2;
  return entries
    .filter((entry) => entry.kind === "unit" || words.every((word) => whole(entry).includes(word)))
    .toSorted((one, other) => rank(one) - rank(other));
}
