/** Choose a model from the list, or type a local folder or a Hugging Face name. */
import { Autocomplete } from "@mantine/core";
import { useEffect, useState } from "react";
import { useModels } from "../api/queries";
import type { ModelEntry } from "../api/shapes";
import { panelsOf, writePanel } from "../state/lab";
import { type Patch, type Query, usePage, usePageStore } from "../state/page";

/** The model that is there offline, and reads and writes words. */
const USUAL = "builtin:scribe";

export function ModelChooser() {
  const { data: models, error } = useModels();
  const { query, set } = usePage();
  const path = usePageStore((page) => page.path);
  const model = query.model ?? "";
  const first = (models?.find(({ name }) => name === USUAL) ?? models?.[0])?.name;
  useEffect(() => {
    if (model === "" && first) set({ model: first });
  }, [model, first, set]);
  const entry = models?.find(({ name }) => name === model);
  return (
    <div className="model-chooser">
      <ModelBox
        key={model}
        model={model}
        names={(models ?? []).map(({ name }) => name)}
        onChoose={(name) =>
          name !== "" &&
          name !== model &&
          set(
            { model: name, sel: null, pins: null, ...(path === "/lab" ? drafts(query) : {}) },
            { push: true },
          )
        }
      />
      <span className="model-facts muted">{error ? error.message : entry ? factsOf(entry) : ""}</span>
    </div>
  );
}

/** Questions of the lab wait for Run after the model was changed. */
function drafts(query: Query): Patch {
  return Object.assign({}, ...panelsOf(query).map((panel) => writePanel({ ...panel, draft: true })));
}

interface BoxProps {
  model: string;
  names: string[];
  onChoose: (name: string) => void;
}

/** The text is a draft until Enter, a choice, or leaving the box. */
function ModelBox({ model, names, onChoose }: BoxProps) {
  const [text, setText] = useState(model);
  const offered =
    text === model ? names : names.filter((name) => name.toLowerCase().includes(text.toLowerCase()));
  return (
    <Autocomplete
      size="xs"
      aria-label="Model: choose one, or type a folder"
      placeholder="builtin:… or a folder"
      className="model-box"
      classNames={{ input: "mono" }}
      data={offered}
      filter={({ options }) => options}
      value={text}
      onChange={setText}
      onOptionSubmit={onChoose}
      onBlur={() => onChoose(text.trim())}
      onKeyDown={(event) => event.key === "Enter" && onChoose(text.trim())}
    />
  );
}

function factsOf({ family, layers, width, parameters }: ModelEntry): string {
  const sizes = [
    layers && `${layers} layers`,
    width && `width ${width}`,
    parameters && `${size(parameters)} parameters`,
  ];
  return [family, ...sizes].filter(Boolean).join(" · ");
}

function size(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} B`;
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} M` : `${Math.round(count / 1e3)} k`;
}
