/** For services of a node that gets no messages: there is no file, and none is made. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomPort } from '../crypto/native.ts';
import { MessageKeys } from '../keys/message-keys.ts';

export const noMessageKeys = (): Promise<MessageKeys> =>
  MessageKeys.open({
    path: join(tmpdir(), 'tally-no-such-folder', 'messages.age'),
    passphrase: 'none',
    random: randomPort(),
  });
