/** What one wants to remember of a unit; it stays in this browser. */
import { Button } from "@mantine/core";
import { type ChangeEvent, useRef, useState } from "react";
import { download } from "../atlas/keeping";
import { Complaint, Panel } from "../shell/Panel";
import { fromFile, toFile, useNotes } from "./notes";

export function Notes({ model, unit }: { model: string; unit: string }) {
  const { notes, write } = useNotes();
  const [wrong, setWrong] = useState("");
  return (
    <Panel
      id="notes"
      title="Notes"
      reading={`kept in this browser only; ${notes.length} in all`}
      actions={<Files onWrong={setWrong} />}
    >
      <textarea
        className="unit-note"
        name="note"
        aria-label={`Note on ${unit}`}
        placeholder="What is it for? What speaks against that?"
        value={notes.find((note) => note.model === model && note.unit === unit)?.text ?? ""}
        onChange={({ target }) =>
          write({ model, unit, text: target.value, edited: new Date().toISOString() })
        }
      />
      {wrong && <Complaint>{wrong}</Complaint>}
    </Panel>
  );
}

/** All notes as a file, and those of a file beside the ones that are here. */
function Files({ onWrong }: { onWrong: (sentence: string) => void }) {
  const { notes, load } = useNotes();
  const file = useRef<HTMLInputElement>(null);
  const look = { size: "compact-xs", variant: "default" } as const;
  const onFile = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [chosen] = target.files ?? [];
    if (!chosen) return;
    try {
      load(fromFile(await chosen.text()));
      onWrong("");
    } catch (error) {
      onWrong(error instanceof Error ? error.message : String(error));
    }
    target.value = "";
  };
  return (
    <>
      <Button
        {...look}
        disabled={notes.length === 0}
        onClick={() => download("neuronscope-notes.json", "application/json", toFile(notes))}
      >
        Export
      </Button>
      <Button {...look} onClick={() => file.current?.click()}>
        Import
      </Button>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="File of notes"
        onChange={(event) => void onFile(event)}
      />
    </>
  );
}
