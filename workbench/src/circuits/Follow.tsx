/** Where else paths may end: an address, or the head or MLP that is selected. */
import { Button, Select, TextInput } from "@mantine/core";
import { type SubmitEvent, useState } from "react";
import { usePage } from "../state/page";
import { MOST_RECEIVERS, readBy, writeReceivers } from "./address";

const READS = [
  { letter: "q", words: "queries" },
  { letter: "k", words: "keys" },
  { letter: "v", words: "values" },
];

interface FollowProps {
  /** The node that is selected. */
  chosen: string | null;
  receivers: readonly string[];
  /** Heads of queries to one of keys; null while not known. */
  shared: number | null;
}

export function Follow({ chosen, receivers, shared }: FollowProps) {
  const { set } = usePage();
  const [text, setText] = useState("");
  const full = receivers.length >= MOST_RECEIVERS;
  const add = (receiver: string) =>
    set({ receivers: writeReceivers([...receivers, receiver]) }, { push: true });
  const typed = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim()) add(text);
    setText("");
  };
  return (
    <div className="follow">
      <form onSubmit={typed}>
        <TextInput
          size="xs"
          w={220}
          label="Follow paths into"
          placeholder="q.3.2 k.3.2, or mlp_in.4"
          value={text}
          disabled={full}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" disabled={full || !text.trim()}>
          Follow
        </Button>
      </form>
      <Ways />
      <div className="follow-buttons" role="group" aria-label="Follow paths into what is selected">
        {full ? (
          <p className="muted note">{MOST_RECEIVERS} ends are followed; close one to follow another.</p>
        ) : (
          <Into chosen={chosen} shared={shared ?? 1} onAdd={add} />
        )}
      </div>
    </div>
  );
}

interface IntoProps {
  chosen: string | null;
  shared: number;
  onAdd: (receiver: string) => void;
}

/** The ways into a head, or into an MLP; nothing is written before the heads of the first layer. */
function Into({ chosen, shared, onAdd }: IntoProps) {
  const [, head] = /^head (\d+\.\d+)$/.exec(chosen ?? "") ?? [];
  const [, mlp] = /^MLP (\d+)$/.exec(chosen ?? "") ?? [];
  if (mlp !== undefined)
    return (
      <Button size="compact-xs" variant="default" onClick={() => onAdd(`mlp_in.${mlp}`)}>
        Into MLP {mlp}
      </Button>
    );
  if (head === undefined || head.startsWith("0."))
    return <p className="muted note">Select a head to follow what it reads further back.</p>;
  return READS.map(({ letter, words }) => (
    <Button
      key={letter}
      size="compact-xs"
      variant="default"
      onClick={() => onAdd(readBy(head, letter, shared))}
    >
      Into the {words} of {head}
    </Button>
  ));
}

/** Which run the senders are of, and what the MLPs between do. */
function Ways() {
  const { query, set } = usePage();
  return (
    <>
      <Select
        size="xs"
        w={170}
        label="Senders"
        data={[
          { value: "noise", label: "corrupt into clean" },
          { value: "denoise", label: "clean into corrupt" },
        ]}
        value={query.senders === "denoise" ? "denoise" : "noise"}
        allowDeselect={false}
        onChange={(senders) => set({ senders: senders === "noise" ? null : senders })}
      />
      <Select
        size="xs"
        w={150}
        label="MLPs on the way"
        data={[
          { value: "free", label: "pass on" },
          { value: "frozen", label: "are held" },
        ]}
        value={query.mlps === "frozen" ? "frozen" : "free"}
        allowDeselect={false}
        onChange={(mlps) => set({ mlps: mlps === "frozen" ? mlps : null })}
      />
    </>
  );
}
