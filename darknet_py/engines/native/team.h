// Threads that share the tasks of one round after the other.
//
// Nobody waits for a thread, only for tasks that are under way: one that the system runs late, as on
// a busy machine, finds them done. They sleep between two jobs; OpenMP's threads would spin, and take
// from others what they wait for.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#ifdef _WIN32
inline int process_id() { return 0; }  // no process is forked there
#else
#include <unistd.h>
inline int process_id() { return getpid(); }
#endif

// tasks: of each round. work(round, task, thread) is called once for each, and never after all are
// done, when a caller may have gone with what it refers to. A round begins when all tasks of the one
// before it are done.
class Job {
 public:
  typedef std::function<void(int64_t, int64_t, int32_t)> Work;

  Job(std::vector<int64_t> tasks, Work work)
      : tasks_(std::move(tasks)), work_(std::move(work)), next_(tasks_.size()), done_(tasks_.size()) {}

  void run(int32_t thread) {
    for (size_t round = 0; round < tasks_.size(); ++round) {
      const int64_t tasks = tasks_[round];
      for (int64_t task; (task = next_[round].fetch_add(1, std::memory_order_relaxed)) < tasks;) {
        work_(round, task, thread);
        done_[round].fetch_add(1, std::memory_order_release);
      }
      for (int turns = 0; done_[round].load(std::memory_order_acquire) < tasks; ++turns)
        if (turns > PATIENCE) std::this_thread::yield();
    }
  }

 private:
  static constexpr int PATIENCE = 200;  // questions before the processor is given away
  const std::vector<int64_t> tasks_;
  const Work work_;
  std::vector<std::atomic<int64_t>> next_, done_;
};

// The threads of this process, which help with the newest job.
class Team {
 public:
  // Threads do not live on in a process that was forked: it gets a team of its own.
  static Team& here() {
    static std::mutex mutex;
    static Team* team = nullptr;  // never destroyed: its threads wait in it until the process ends
    static int owner = -1;
    const std::lock_guard<std::mutex> lock(mutex);
    if (!team || owner != process_id()) team = new Team, owner = process_id();
    return *team;
  }

  void run(const std::shared_ptr<Job>& job, int32_t threads) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (; size_ < threads - 1; ++size_) std::thread([this] { help(); }).detach();
      job_ = job;
      places_ = threads;
      joined_ = 1;
    }
    news_.notify_all();
    job->run(0);
  }

 private:
  void help() {
    std::shared_ptr<Job> last;
    for (;;) {
      int32_t thread;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        news_.wait(lock, [&] { return job_ != last; });
        last = job_;
        thread = joined_++;
        if (thread >= places_) continue;
      }
      last->run(thread);
    }
  }

  std::mutex mutex_;
  std::condition_variable news_;
  std::shared_ptr<Job> job_;
  int32_t size_ = 0, places_ = 0, joined_ = 0;
};

// work(round, task, thread) on so many threads, this one among them.
inline void in_rounds(std::vector<int64_t> tasks, int32_t threads, Job::Work work) {
  const auto job = std::make_shared<Job>(std::move(tasks), std::move(work));
  if (threads > 1) Team::here().run(job, threads);
  else job->run(0);
}
