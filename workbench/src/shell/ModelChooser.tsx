/** Choose a model from the list, or type a local folder or a Hugging Face name. */
import { Autocomplete } from "@mantine/core";
import { useEffect, useState } from "react";
import { useModels } from "../api/queries";
import type { ModelEntry } from "../api/shapes";
import { useLab } from "../state/lab";

export function ModelChooser() {
  const { data: models, error } = useModels();
  const model = useLab(({ state }) => state.model);
  const edit = useLab((lab) => lab.edit);
  const look = useLab((lab) => lab.look);
  const first = models?.[0]?.name;
  useEffect(() => {
    if (model === "" && first) look({ model: first });
  }, [model, first, look]);
  const entry = models?.find(({ name }) => name === model);
  return (
    <div className="model-chooser">
      <ModelBox
        key={model}
        model={model}
        names={(models ?? []).map(({ name }) => name)}
        onChoose={(name) => name !== "" && name !== model && edit({ model: name, cell: null })}
      />
      <span className="model-facts muted">{error ? error.message : entry ? factsOf(entry) : ""}</span>
    </div>
  );
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
