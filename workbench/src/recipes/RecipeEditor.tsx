/** The text of a recipe, to copy, edit and keep in this browser, or to take away as a file. */
import { Button, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Panel } from "../shell/Panel";

interface EditorProps {
  name: string;
  text: string;
  /** It is kept in this browser, so it can be forgotten. */
  own: boolean;
  onKeep: (name: string, text: string | null) => void;
}

export function RecipeEditor({ name, text, own, onKeep }: EditorProps) {
  const [called, setCalled] = useState(name);
  const [written, setWritten] = useState(text);
  const file = `data:text/yaml;charset=utf-8,${encodeURIComponent(written)}`;
  return (
    <Panel
      id="text"
      title="Text"
      reading={own ? "yours; kept in this browser" : "the recipe as it ships; keep a copy to change it"}
      className="recipe-editor"
    >
      <Textarea
        aria-label="Text of the recipe, in YAML"
        value={written}
        onChange={(event) => setWritten(event.currentTarget.value)}
        minRows={10}
        maxRows={28}
        autosize
        spellCheck={false}
        classNames={{ input: "mono" }}
      />
      <div className="recipe-keep">
        <TextInput
          size="xs"
          aria-label="Name to keep it under"
          value={called}
          onChange={(event) => setCalled(event.currentTarget.value)}
        />
        <Button
          size="xs"
          variant="default"
          disabled={called.trim() === ""}
          onClick={() => onKeep(called.trim(), written)}
        >
          {own && called === name ? "Save" : "Keep a copy"}
        </Button>
        {own && (
          <Button size="xs" variant="default" onClick={() => onKeep(name, null)}>
            Forget it
          </Button>
        )}
        <Button size="xs" variant="default" component="a" href={file} download={`${called || "recipe"}.yaml`}>
          Take as a file
        </Button>
        <span className="muted note">
          On the command line: <code>neuronscope recipe {called || "recipe"}.yaml --out folder</code>
        </span>
      </div>
    </Panel>
  );
}
