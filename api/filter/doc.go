// Package filter reads what people write to choose and order videos: filters as
// AIP-160 has them, and orders as AIP-132 does. What they mean is the store's
// business.
package filter
