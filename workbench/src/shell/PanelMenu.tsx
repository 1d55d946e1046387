/** What can be done with every panel: fill the screen, open alone, embed, share; and what it adds itself. */
import { ActionIcon, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import { type Patch, patched, usePageStore } from "../state/page";
import { MoreIcon } from "./icons";

interface MenuProps {
  id: string;
  title: string;
  full: boolean;
  alone: boolean;
  onFull: () => void;
  children: ReactNode;
}

export function PanelMenu({ id, title, full, alone, onFull, children }: MenuProps) {
  return (
    <Menu position="bottom-end" shadow="none" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="sm" aria-label={`${title}: export and more`}>
          <MoreIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown className="panel-menu">
        {children}
        {children && <Menu.Divider />}
        {!alone && <Menu.Item onClick={onFull}>{full ? "Leave full screen" : "Full screen"}</Menu.Item>}
        {alone ? (
          <Menu.Item
            onClick={() => usePageStore.getState().set({ panel: null, embed: null }, { push: true })}
          >
            Show the whole page
          </Menu.Item>
        ) : (
          <Menu.Item component="a" href={addressWith({ panel: id })} target="_blank" rel="noreferrer">
            Open alone
          </Menu.Item>
        )}
        <Menu.Item onClick={() => copy(addressWith({ panel: alone ? id : null }))}>
          Copy the address
        </Menu.Item>
        <Menu.Item onClick={() => copy(frameOf(id))}>Copy code that embeds it</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function copy(text: string): void {
  void navigator.clipboard.writeText(text);
}

/** The address of what is on screen now, with some keys changed. */
function addressWith(patch: Patch): string {
  const { path, query } = usePageStore.getState();
  return `${location.origin}${path}?${new URLSearchParams(patched(query, patch))}`;
}

function frameOf(id: string): string {
  const address = addressWith({ panel: id, embed: "1" }).replaceAll("&", "&amp;");
  return `<iframe src="${address}" width="720" height="520" title="NeuronScope"></iframe>`;
}
