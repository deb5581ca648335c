package org.ringwood.collectives.shm;

/** Memory that stays in place while messages that were sent from it are read. */
interface Hold {
    /** A message was sent from it. */
    void messageSent();

    /** Such a message was read. */
    void messageRead();
}
