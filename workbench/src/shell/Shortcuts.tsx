/** The keys of the page, in a dialog. */
import { Modal } from "@mantine/core";
import { SHORTCUTS } from "./keys";

export default function Shortcuts({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keys" size="md" closeButtonProps={{ "aria-label": "Close" }}>
      <table className="keys">
        <tbody>
          {SHORTCUTS.map(([keys, words]) => (
            <tr key={keys}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{words}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
