/** What can be done with the result on screen: export it, copy its address, see it whole. */
import { ActionIcon, Menu } from "@mantine/core";
import { BASE } from "../api/client";
import type { Result } from "../api/shapes";
import { MoreIcon } from "../shell/icons";

const FORMATS = [
  ["nc", "netCDF, opens in xarray"],
  ["zarr", "Zarr folder, zipped"],
  ["csv", "CSV table"],
  ["jsonl", "JSON lines"],
  ["json", "JSON"],
  ["npz", "NumPy arrays"],
  ["png", "Picture"],
  ["svg", "Drawing"],
  ["html", "Page that works offline"],
] as const;

interface MenuProps {
  result: Result;
  full: boolean;
  onFull: () => void;
}

export function PanelMenu({ result, full, onFull }: MenuProps) {
  return (
    <Menu position="bottom-end" shadow="none" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" size="sm" aria-label="Export and more">
          <MoreIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Export</Menu.Label>
        {FORMATS.map(([format, words]) => (
          <Menu.Item
            key={format}
            component="a"
            href={`${BASE}/results/${result.digest}/export?format=${format}`}
            download
            rightSection={<span className="muted mono">.{format}</span>}
          >
            {words}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void navigator.clipboard.writeText(location.href)}>
          Copy the address
        </Menu.Item>
        <Menu.Item onClick={onFull}>{full ? "Leave full screen" : "Full screen"}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
