/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The gauged authors */
/*
 * One attempt to connect to a broker, in a thread: reading certificates, resolving and
 * connecting, all of which wait. What comes out is an object of libmosquitto with a TCP
 * connection; TLS and the broker's greeting are still to come, on the loop.
 */
#ifndef GAUGED_IO_MQTT_CONNECT_H
#define GAUGED_IO_MQTT_CONNECT_H

struct error;
struct loop;
struct mosquitto;
struct mqtt_connect;
struct mqtt_settings;

/*
 * Copies settings. turn: which of the addresses of the host, counted from 0 and beginning anew
 * behind the last. With TLS, for which libmosquitto has to have the name, it only says which
 * family of addresses: the first of that family is tried. done is called once, from the loop.
 * NULL + err: no thread can be started.
 */
struct mqtt_connect *mqtt_connect_start(struct loop *loop, const struct mqtt_settings *settings,
					unsigned turn, void (*done)(void *arg), void *arg,
					struct error *err);
/*
 * After done: ends the attempt and hands its result over; or NULL + err, -EPERM for an address
 * that is never connected to.
 */
struct mosquitto *mqtt_connect_take(struct mqtt_connect *connect, struct error *err);
/* done will not be called; the thread cleans up when it is through. NULL is allowed. */
void mqtt_connect_abandon(struct mqtt_connect *connect);

/*
 * The cause in a line that libmosquitto logs about an error of TLS, for people: static, or
 * inside of line.
 */
const char *mqtt_connect_cause(const char *line);
/* Words for what a function of libmosquitto returned, with errno behind it: static. */
const char *mqtt_connect_words(int rc, int code);

#endif
