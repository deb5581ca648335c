package org.ringwood.collectives;

import org.jspecify.annotations.Nullable;

/**
 * What came of linking devices; see {@link ProcessGroup#link}.
 *
 * @param link null if there is none
 * @param reason why there is none, as a clause; empty if there is one
 */
public record Linking(@Nullable DeviceLink link, String reason) {}
